"""What the server answers besides pages: pictures, uploads, files to take away."""
