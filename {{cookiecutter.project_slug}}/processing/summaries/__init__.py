"""What dashboards, alerts and people read: tables and metrics derived from storage."""
