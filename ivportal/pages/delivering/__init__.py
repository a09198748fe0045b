"""Delivering, as a provider sees it: where it stands, the form, files, signing, the receipt."""
