"""What the tests stand on: a real httpd, certificate databases, clients. No test logic here."""
