"""What an operator needs: serving, checks, backups, moving to PostgreSQL, the audit log's anchor, health."""
