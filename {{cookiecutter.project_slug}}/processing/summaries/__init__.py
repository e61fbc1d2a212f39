"""What dashboards, alerts and people read: tables, annotations and metrics derived from storage."""
