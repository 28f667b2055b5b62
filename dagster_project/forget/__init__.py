"""What is known of people is removed: by day, by respondent, by age of what was made.

Belongs here: which rows are meant, and rewriting every file that holds them. Does not belong here:
taking deliveries in; of that, `ingest` keeps what was forgotten from coming in again.
"""
