"""PostgreSQL with two roles: ``ivportal_app`` serves, ``ivportal_owner`` owns and migrates."""
