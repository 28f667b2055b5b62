"""What every room uses: settings, errors, files that last, quarters. It imports no other room."""
