"""The tracking server: takes in journals, keeps them, and answers the dashboard."""
