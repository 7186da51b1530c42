"""Route handlers, one module per noun: parameters in, a stored result found, a view out."""
