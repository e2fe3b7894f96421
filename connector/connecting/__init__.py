"""How a person lets this tool in: consent at the platform, the way its answer comes back, roles.

It knows no file and no config; `connector.api.connecting` does.
"""
