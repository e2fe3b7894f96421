"""Ad metrics in the warehouse: rows, days, rates, tables and sums, whatever the platform."""
