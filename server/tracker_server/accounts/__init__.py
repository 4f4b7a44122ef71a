"""Managing who may do what: people and service accounts, their keys, and the roles that they have in projects."""
