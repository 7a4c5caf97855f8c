"""Tables of telephone work, by subject."""

from genjin.calling.models.agents import AgentPresence, AgentStateChange, DeskDraft
from genjin.calling.models.campaigns import BriefingPass, Campaign, CampaignAgent
from genjin.calling.models.scripts import Introduction, Script, ScriptVersion

__all__ = [
    "AgentPresence",
    "AgentStateChange",
    "BriefingPass",
    "Campaign",
    "CampaignAgent",
    "DeskDraft",
    "Introduction",
    "Script",
    "ScriptVersion",
]
