"""Server CPU time per operation, beside mod_ssl on the same httpd (``make bench``)."""
