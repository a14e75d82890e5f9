"""Who may do what, and what a project says: definitions, their check, the registry."""

from crossdock.govern.project import HubSettings, Project, load_project

__all__ = ["HubSettings", "Project", "load_project"]
