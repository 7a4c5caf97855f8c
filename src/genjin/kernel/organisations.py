"""What is an organisation's own in its name, and what a thousand others have as well."""

import re
from functools import lru_cache

from genjin.kernel import address
from genjin.kernel.chinese import fold

# Legal forms and kinds of shop that say nothing about who it is.
_FORMS = (
    "集团股份有限公司", "集团有限责任公司", "集团有限公司", "股份有限公司", "有限责任公司",
    "有限公司", "责任公司", "总公司", "分公司", "集团公司", "公司", "集团", "商行", "商店",
    "经营部", "门市部", "营业部", "服务部", "工作室", "事务所", "合伙企业", "个体工商户", "企业社",
    "实业社", "工程行", "专卖店", "门店", "厂", "店", "行", "Company Limited", "Co., Ltd.",
    "Limited", "Ltd", "Corporation", "Inc", "LLC", "GmbH",
)  # fmt: skip
_SUFFIXES = sorted({fold(text) for text in _FORMS}, key=len, reverse=True)
_BRACKETS = re.compile(r"[\uff08(][^\uff09)]*[\uff09)]")
# Left over where a short name of a place was read: “大连” of “大连市”.
_PLACE_ENDS = ("省", "市", "县", "区", "镇")
_SHORTEST = 2


@lru_cache(maxsize=65_536)
def core_name(name: str) -> str:
    """The name folded, without the place in front, brackets and the legal form.

    北京市大华贸易有限公司 and 大華貿易 have the same core. A name of which nothing would be left
    keeps itself.
    """
    folded = fold(_BRACKETS.sub("", name)) or fold(name)
    core = folded
    for suffix in _SUFFIXES:
        if core.endswith(suffix) and len(core) - len(suffix) >= _SHORTEST:
            core = core[: -len(suffix)]
            break
    rest = fold(address.parse_address(core).rest)
    if len(rest) >= _SHORTEST:
        core = rest
    if core[:1] in _PLACE_ENDS and len(core) > _SHORTEST:
        core = core[1:]
    return core
