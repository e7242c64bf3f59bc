"""What a request and its URLs add to a view: device, place, identifiers."""
