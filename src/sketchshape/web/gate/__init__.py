"""What a request passes before the service reads it: size, headers, names."""
