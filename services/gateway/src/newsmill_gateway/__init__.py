"""The HTTP door: URLs in, status and articles out."""
