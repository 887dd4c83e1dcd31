"""A port of the loopback address that is free now; others may take it before its user does."""

import socket


def free_port():
	with socket.create_server(("127.0.0.1", 0)) as s:
		return s.getsockname()[1]
