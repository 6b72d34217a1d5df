"""The desks: dispatching, rulings, levels, supervision, shifts, sensitive cases, own figures."""
