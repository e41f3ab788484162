"""What every layer uses: errors, seeds, files, devices, records."""
