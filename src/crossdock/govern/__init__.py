"""Who may do what, and what a project says: definitions, their check, the registry."""

from crossdock.govern.project import HubSettings, Project, load_project
from crossdock.govern.yaml_file import place_in

__all__ = ["HubSettings", "Project", "load_project", "place_in"]
