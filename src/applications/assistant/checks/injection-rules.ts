/** One way to speak to an assistant in place of asking it. */
export interface InjectionRule {
  /** What the text tries to do, in plain words. */
  rule: string;
  /** Default: both. */
  only?: "question" | "passage";
  /** For readings of `readingsOf`: lower case, no accents. Gaps are bounded, so that time grows with length alone. */
  patterns: readonly RegExp[];
}

/** What rules over an assistant are called. */
const orders =
  "(?:instructions?|guidelines?|rules|prompts?|polic(?:y|ies)|orders|directives|restrictions|programming|training)";
/** Whose they are: `the` alone is said of manuals as well. */
const whose = "(?:all|any|every|your|previous|prior|earlier|preceding|former|initial|original|the above)";
const leave = "(?:ignore|disregard|forget|drop|override|overrule|bypass|discard|neglect)";

const made = (...sources: string[]) => sources.map((source) => new RegExp(source, "u"));

/** What {@link InjectionCheck} looks for. */
export const injectionRules: readonly InjectionRule[] = [
  {
    rule: "sets the assistant's instructions aside",
    patterns: made(
      `\\b${leave}\\b[^.?!\\n]{0,15}\\b${whose}\\b[^.?!\\n]{0,25}\\b${orders}\\b`,
      `\\b(?:ignore|disregard|forget)\\s+(?:the|these|those)\\s+${orders}\\s+(?:and|,)`,
      "\\bforget\\b[^.?!\\n]{0,20}\\byou\\b[^.?!\\n]{0,20}\\b(?:told|taught|learned|instructed|know)\\b",
      `\\b(?:${orders}\\s+above|(?:previous|prior|your|safety|content|security)\\s+(?:${orders}|filters?|checks?))\\b[^.?!\\n]{0,15}\\b(?:no longer|void|disabled|suspended|lifted|off)\\b`,
      `\\bsupersedes?\\s+your\\b`,
      `\\b(?:skip|turn off|disable|switch off)\\s+(?:the|your|all|any)\\s+(?:security|safety|compliance|access|content)\\b`,
      `\\b(?:new|updated)\\s+(?:instructions?|polic(?:y|ies)|orders)\\s+(?:from|for)\\s+(?:the\\s+|your\\s+)?(?:admin|administrator|developer|system|operator|assistant|ai)\\b`,
      `\\bwhatever\\s+your\\b[^.?!\\n]{0,25}\\b${orders}\\b`,
      `\\boverride\\b[^.?!\\n]{0,5}\\]{1,2}|\\bsystem override\\b`,
      `\\bfollow only\\b[^.?!\\n]{0,15}\\b(?:i|me|my)\\b`,
      `\\b(?:do not|don't|never)\\s+(?:mention|apply)\\s+(?:your\\s+)?(?:compliance|rules|policy|guidelines|safety)\\b`,
      // German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish, Swedish.
      "\\b(?:ignorier\\p{L}*|vergiss|vergesst|missachte\\p{L}*|umgeh\\p{L}*)\\b[^.?!\\n]{0,25}\\b(?:\\p{L}*anweisung|\\p{L}*regel|vorgabe|instruktion|richtlinie|\\p{L}*vorschrift|die frage)",
      "\\b(?:ignore[rz]?|oublie[rz]?|neglige[rz]?)\\b[^.?!\\n]{0,30}\\b(?:instructions precedentes|(?:tes|vos|les) (?:instructions|consignes|regles|directives)|la question)",
      "\\b(?:ignora|olvida|omite|desobedece)\\p{L}*\\b[^.?!\\n]{0,25}\\b(?:instrucciones|reglas|normas|directrices|la pregunta)",
      "\\b(?:ignore|esqueca|desconsidere)\\b[^.?!\\n]{0,25}\\b(?:instrucoes|regras|diretrizes|a pergunta)",
      "\\b(?:ignora|dimentica)\\b[^.?!\\n]{0,25}\\b(?:istruzioni|regole|direttive|la domanda)",
      "\\b(?:negeer|vergeet)\\b[^.?!\\n]{0,25}\\b(?:instructies|regels|opdrachten|de vraag)",
      "\\b(?:zignoruj|ignoruj|zapomnij|pomin)\\p{L}*\\b[^.?!\\n]{0,30}\\b(?:polecen|instrukcj|zasad|pytani)",
      "\\b(?:talimat|kural|yonerge)\\p{L}*\\b[^.?!\\n]{0,25}\\b(?:yok say|unut|gormezden|dikkate alma)",
      "\\b(?:ignorera|glom)\\b[^.?!\\n]{0,25}\\b(?:instruktioner|regler)",
    ),
  },
  {
    rule: "asks for an assistant without rules",
    patterns: made(
      "\\b(?:answer|respond|reply|comply|ai|assistant|bot|model|character|you)\\b[^.?!\\n]{0,40}\\b(?:without|has no|have no|with no|free of)\\s+(?:any\\s+|all\\s+)?(?:restrictions?|limits?|limitations|rules|filters?|censorship|guardrails)\\b",
      "\\b(?:unrestricted|uncensored|unfiltered|jailbroken|jailbreak)\\b",
      "\\byou are now\\b[^.?!\\n]{0,20}\\b(?:dan|free|evil|root|admin|in charge|able to)\\b",
      "\\b(?:can do anything now|do anything now|never refuses?|evil twin|no rules)\\b",
      "\\b(?:enter|enable|activate|switch to|go into|in)\\s+(?:the\\s+)?(?:developer|debug|god|admin|maintenance override|sudo)\\s+mode\\b[^.?!\\n]{0,20}(?:[.!\\n]|\\byou\\b|$)",
      "\\bstop being\\b[^.?!\\n]{0,30}\\b(?:assistant|ai|bot)\\b",
      "\\b(?:imagine|in)\\s+a\\s+world\\s+(?:without|where)\\b",
      "\\bohne\\s+(?:\\p{L}+\\s+)?(?:regeln|einschrankung\\p{L}*|filter|grenzen)\\b",
      "\\bsans\\s+(?:aucune?\\s+)?(?:limites?|restrictions?|filtres?|regles)\\b",
      "\\bsin\\s+(?:ninguna?\\s+)?(?:restricciones|filtros|limites|reglas)\\b",
      "\\bsem\\s+(?:nenhuma?\\s+)?(?:filtros|restricoes|limites|regras)\\b",
      "\\bsenza\\s+(?:alcuna?\\s+)?(?:filtri|limiti|restrizioni|regole)\\b",
      "\\bzonder\\s+(?:enige\\s+)?(?:beperkingen|filters|regels)\\b",
    ),
  },
  {
    rule: "has the assistant play somebody",
    only: "question",
    patterns: made(
      "\\b(?:pretend|imagine|suppose)\\s+(?:that\\s+)?(?:you are|you're|you were|to be)\\b",
      "\\b(?:act|behave|respond|answer)\\s+(?:as|like)\\s+(?:a|an|the)\\b[^.?!\\n]{0,25}\\b(?:root|admin|administrator|developer|console|terminal|shell|hacker|ai|dan)\\b",
      "\\b(?:play|game|role)\\b[^.?!\\n]{0,15}[:,]\\s*you are\\b",
      "\\b(?:grandmother|grandma|granny)\\b[^?!\\n]{0,60}\\b(?:passwords?|keys?|secrets?|credentials)\\b",
      "\\btu so,? als\\b",
      "\\b(?:fais semblant|joue le role)\\b",
      "\\b(?:finge|haz como si|actua como si)\\b",
      "\\b(?:finja|faca de conta)\\b",
      "\\bfai finta\\b",
      "\\bdoe alsof\\b",
    ),
  },
  {
    rule: "asks for the assistant's own instructions",
    patterns: made(
      "\\b(?:repeat|print|show|reveal|output|display|give|tell|translate|summari[sz]e|recite|leak|dump|expose|what (?:is|are|was|were))\\b[^.?!\\n]{0,25}\\b(?:your|system|initial|hidden|secret)\\s+(?:system\\s+|initial\\s+|hidden\\s+|original\\s+)?(?:prompt|instructions|message|directives|guidelines)\\b",
      "\\b(?:words?|text|message|everything|instructions?)\\s+(?:above|that comes before|before|preceding)\\b[^.?!\\n]{0,20}(?:\\bmy\\b|starting with|'you are|\"you are)",
      "\\bcontext window\\b|\\bfirst token\\b",
      "\\b(?:the )?(?:developers?|operators?|creators?)\\b[^.?!\\n]{0,15}\\btold\\s+(?:me|you)\\b",
      "\\bthe system prompt is\\b|\\bsystem ?prompt\\p{L}*\\b[^.?!\\n]{0,20}\\b(?:wortlich|aus|an)\\b",
      "\\b(?:prompt|instrucciones|mensaje) (?:de|del) sistema\\b|\\bprompt do sistema\\b|\\b(?:prompt|invite|message) systeme\\b|\\bprompt di sistema\\b|\\bsysteemprompt\\b|\\bsystemprompt\\b",
    ),
  },
  {
    rule: "claims the rights of others, or asks for what is theirs",
    only: "question",
    patterns: made(
      "\\bi(?: am|'m)\\s+(?:now\\s+)?(?:in|part of|a member of|with|of)\\b[^.?!\\n]{0,20}\\b(?:group|team|department)\\s+now\\b",
      "\\bi(?: am|'m)\\s+now\\s+(?:in|part of|a member of|with)\\b",
      "\\b(?:search|answer|act|read)\\s+as\\s+(?:the\\s+)?(?:principal|user|root|admin)\\b|\\bimpersonate\\b",
      "\\bgroups?\\s*[\"']?\\s*(?:=|:)\\s*[\"'[*\\p{L}]",
      "\\b(?:i(?: am|'m) not allowed|i (?:cannot|can't|can not|may not|must not))\\s+(?:to\\s+)?(?:see|open|read|access)\\b",
      "\\b(?:every|each|all|(?:the )?other|another)\\s+(?:team|group|department)s?(?:'s?|s')?\\s+(?:documents|files|reports|passages|records|data)\\b",
      "\\bdocuments? of (?:each|every|all|other|another) (?:the )?(?:group|team|department)s?\\b",
      "\\bwhich (?:group|team) owns\\b|\\baccess (?:check|control|list)\\b",
      "\\bthe (?:head|director|chief) of (?:hr|finance|personnel)\\b[^.?!\\n]{0,30}\\bread me\\b",
      `\\b(?:reveal|print|dump|expose|list)\\b[^.?!\\n]{0,15}\\ball\\b[^.?!\\n]{0,15}\\b(?:confidential|secret|restricted|private|hidden)\\b`,
      "\\blist all documents in (?:the )?(?:store|index|database)\\b",
    ),
  },
  {
    rule: "gives the assistant's tools orders",
    patterns: made(
      "\\b(?:call|invoke|use|trigger)\\s+(?:the\\s+|your\\s+|a\\s+)tools?\\b",
      "\\b(?:call|invoke|run|execute)\\s+`?\\p{L}{1,40}_\\p{L}",
      "(?<![\\p{L}_])\\p{L}{1,40}_[\\p{L}_]{1,40}\\([^)\\n]{0,80}=",
      "(?:^|[\\s`'\"])(?:cat|ls|rm|curl|wget|sudo|chmod|nc)\\s+(?:-|/|~|https?:)",
      "/etc/passwd\\b|\\bos\\.environ\\b|\\bprocess\\.env\\b|\\bimport (?:os|subprocess|sys)\\b",
      "\\bsend\\b[^?!\\n]{0,60}\\bto\\s+(?:https?://|\\S+@)",
      "\\b(?:delete|drop|wipe|erase|destroy)\\s+(?:the\\s+|all\\s+|every\\s+)*(?:index|database|documents|files|indexes|tables)\\b",
    ),
  },
  {
    rule: "carries a piece of a query",
    only: "question",
    patterns: made(
      "['\")]\\s*(?:or|and)\\s+['(]?\\p{L}+[^?!\\n]{0,30}(?:=|\\bis\\b|\\blike\\b|\\bin\\b|\\()",
      "'\\d'\\s*=\\s*'\\d|\"\\p{L}\"\\s*=\\s*\"",
      "\\bdrop\\s+table\\s+\\p{L}+\\s*;|;\\s*--|\\bunion\\s+(?:all\\s+)?select\\b",
      "[\"']\\s*[}\\]]?\\s*,\\s*[\"']\\p{L}+[\"']\\s*:\\s*[{[\"']",
    ),
  },
  {
    rule: "has addresses carry away what was read",
    patterns: made(
      "!\\[[^\\]\\n]{0,80}\\]\\(\\s*https?:",
      "\\b(?:image|picture|link|address|url|pixel)\\b[^?!\\n]{0,80}\\b(?:followed by|holds?|contain(?:s|ing)?|carr(?:y|ies|ying)|with|including)\\b[^?!\\n]{0,30}\\b(?:text|passages?|names|answer|conversation|content|base64|password)\\b",
      "https?://[^\\s)]{1,80}\\?\\p{L}+=[^\\n]{0,30}\\b(?:followed|answer|passage|text|conversation)\\b",
    ),
  },
  {
    rule: "asks for sources that are none",
    only: "question",
    patterns: made(
      "\\bcite\\b[^?!\\n]{0,50}\\b(?:whatever|even if|no matter|regardless|anyway)\\b",
      "\\b(?:pretend|claim|say)\\s+that\\s+(?:source|document|passage)\\b",
      "\\bleave\\s+(?:the\\s+|all\\s+|out\\s+)*(?:sources|citations)\\b|\\b(?:invent|make up|fabricate|fake)\\b[^.?!\\n]{0,20}\\b(?:sources?|citations?|references?)\\b",
    ),
  },
  {
    rule: "speaks to the assistant that reads it",
    only: "passage",
    patterns: made(
      "\\b(?:notes?|attention|instructions?|important|messages?|hint|reminder)\\b[^.?!\\n]{0,25}\\b(?:to|for)\\s+(?:the\\s+|any\\s+|all\\s+)?(?:ai|assistants?|llms?|language models?|chatbots?|bots?|ai agents?)\\b(?!\\s+(?:mechanic|pilot|manager|engineer))",
      "\\bif you(?: are|'re)\\s+(?:an?|the)\\s+(?:ai|assistant|large language model|language model|llm|chatbot|bot)\\b",
      "\\b(?:ai agents?|ai assistants?|chatbots?|language models?|llms?|ais)\\s+(?:must|shall|should|has to|have to|will)\\b",
      "(?:^|[\\s.>])assistants?\\s*[,:]\\s*(?:ignore|disregard|forget|reply|answer|say|print|include|do|please|you|the|send|reveal)",
      "<\\s*/?\\s*(?:system|context|instructions?|assistant|prompt)\\s*>|<!--\\s*(?:system|assistant|ai|instruction)",
      "(?:^|\\n)\\s*(?:human|user)\\s*:[^\\n]*\\n+\\s*(?:assistant|ai)\\s*:",
      `\\b(?:ignore|disregard)\\b[^.?!\\n]{0,15}\\b(?:user|question|query)\\b`,
      "\\bwhen\\s+(?:asked|summari[sz]ing|answering|you (?:answer|summari[sz]e))\\b[^.?!\\n]{0,50}\\b(?:answer|reply|respond|say|include|add|recommend)\\b",
      "\\b(?:every|all|each|the)\\s+other\\s+passages?\\b|\\bpassages?\\s+you\\s+were\\s+given\\b|\\bthe only source\\b",
      "\\b(?:ask|tell)\\b[^.?!\\n]{0,20}\\b(?:for\\s+(?:the|their|his|her)\\s+password|(?:to\\s+)?(?:upload|enter|send|give)\\b[^.?!\\n]{0,15}\\b(?:credentials|password))",
      "\\bupload\\s+(?:their|your|his|her)\\s+(?:credentials|password)",
      "\\b(?:append|add|include)\\b[^.?!\\n]{0,30}\\bto\\s+(?:your|the)\\s+answer\\b",
      "\\b(?:hinweis|anweisung|nachricht)\\b[^.?!\\n]{0,15}\\b(?:an|fur)\\s+(?:die\\s+ki|den\\s+assistenten|das\\s+sprachmodell)\\b",
      "\\ba l'attention de l'(?:assistant|ia)\\b|\\binstructions? pour l'(?:assistant|ia)\\b",
      "\\b(?:instruccion(?:es)?|nota|aviso)\\b[^.?!\\n]{0,15}\\bpara\\s+(?:la\\s+ia|el\\s+asistente)\\b",
      "\\b(?:instrucao|instrucoes|nota|aviso)\\b[^.?!\\n]{0,15}\\bpara\\s+(?:a\\s+ia|o\\s+assistente)\\b",
    ),
  },
];
