"""A local X Ads to try everything out against: it answers as `shared/reference` says X does.

It imports nothing of the product, and nothing of the product imports it but the command line.
`server.running` runs it in a thread, `server.serve` in the foreground, `app.create_app` is the
bare ASGI application.
"""
