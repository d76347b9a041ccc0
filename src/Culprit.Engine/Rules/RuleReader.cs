using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Filtering;

namespace Culprit.Engine.Rules;

/// <summary>Turns rules from configuration into <see cref="Rule"/>s; each mistake names key, value and what is allowed.</summary>
internal sealed class RuleReader(IReadOnlyCollection<string> handlers, Mistakes mistakes)
{
    public const int MaxRules = 500;

    /// <summary>The rules that are right; a rule with a mistake is left out.</summary>
    /// <param name="handlers">Names that <c>call</c> may use.</param>
    public static IReadOnlyList<Rule> Read(IReadOnlyList<RuleOptions> options, IReadOnlyCollection<string> handlers, Mistakes mistakes)
    {
        mistakes.Check(options.Count <= MaxRules, "rules", options.Count, $"at most {MaxRules} rules");
        var reader = new RuleReader(handlers, mistakes);
        var rules = new List<Rule>();
        for (var i = 0; i < options.Count && i < MaxRules; i++)
        {
            var key = $"rules:{i}";
            var known = mistakes.All.Count;
            var rule = reader.Read(options[i], key);
            if (mistakes.Check(rules.TrueForAll(r => r.Name != rule.Name), key + ":name", rule.Name, "each name once")
                && known == mistakes.All.Count)
            {
                rules.Add(rule);
            }
        }

        CheckCycles(rules, mistakes);
        return rules;
    }

    private Rule Read(RuleOptions options, string key)
    {
        mistakes.Check(Names.IsRule(options.Name), key + ":name", options.Name, Names.Rules);
        foreach (var type in options.On)
        {
            mistakes.Check(Names.IsTypeSelection(type), key + ":on", type, Names.Types + " or incident.*");
        }

        mistakes.Check(
            options.Raise is not null || options.Call is not null || options.Emit is not null, key, options.Name, "raise, call or emit");
        if (options.Call is { } call)
        {
            mistakes.Check(handlers.Contains(call), key + ":call", call, handlers.Count == 0
                ? "nothing, because there is no handler"
                : "one of " + string.Join(", ", handlers));
        }

        return new Rule
        {
            Name = options.Name ?? string.Empty,
            On = options.On,
            Where = options.Where is { } where ? Where(where, key) : null,
            Dedupe = options.Dedupe is { } dedupe
                ? new RuleDedupe(Duration(dedupe.Window, key + ":dedupe:window"), Fields(dedupe.By, key + ":dedupe:by"))
                : null,
            Threshold = options.Threshold is { } threshold ? Threshold(threshold, key + ":threshold") : null,
            Raise = options.Raise is { } raise ? Raise(raise, key + ":raise") : null,
            Call = options.Call,
            Emit = options.Emit is { } emit ? Emit(emit, key + ":emit") : null,
        };
    }

    private Filter? Where(string text, string key)
    {
        var parse = Filters.Parse(text);
        if (parse.Error is { } error)
        {
            mistakes.Add(key + ":where", error);
        }

        return parse.Filter;
    }

    private RuleThreshold Threshold(RuleThresholdOptions options, string key)
    {
        mistakes.Check(options.Count is >= 1 and <= RuleThreshold.MaxCount, key + ":count", options.Count, $"1 to {RuleThreshold.MaxCount}");
        var threshold = new RuleThreshold(options.Count, Duration(options.Window, key + ":window"));
        return options.Scope switch
        {
            [] => threshold,
            ["all"] => threshold with { Scope = [] },
            var names => threshold with { Scope = Fields(names, key + ":scope") },
        };
    }

    private RaiseAction Raise(RaiseOptions options, string key)
    {
        var types = Enum.GetValues<AnomalyType>();
        var type = Array.FindIndex(types, t => t.ToWire() == options.Type);
        mistakes.Check(type >= 0, key + ":type", options.Type, string.Join(", ", types.Select(t => t.ToWire())));
        var severities = Enum.GetValues<IncidentSeverity>();
        var severity = Array.FindIndex(severities, s => s.ToWire() == options.Severity);
        mistakes.Check(severity >= 0, key + ":severity", options.Severity, string.Join(", ", severities.Select(s => s.ToWire())));
        return new RaiseAction(types[Math.Max(0, type)], severities[Math.Max(0, severity)], Template(options.Message, key + ":message"));
    }

    private EmitAction Emit(EmitOptions options, string key)
    {
        mistakes.Check(Names.IsType(options.Type), key + ":type", options.Type, Names.Types);
        mistakes.Check(!EventTypeRegistry.IsBuiltIn(options.Type), key + ":type", options.Type, "a type that is not built in");
        foreach (var name in options.Fields.Keys)
        {
            mistakes.Check(!EmitAction.Reserved.Contains(name), key + ":fields", name, "other names than " + string.Join(", ", EmitAction.Reserved));
        }

        return new EmitAction(
            options.Type ?? string.Empty,
            [.. options.Fields.Select(f => KeyValuePair.Create(f.Key, Template(f.Value, $"{key}:fields:{f.Key}")))]);
    }

    private MessageTemplate Template(string text, string key)
    {
        if (MessageTemplate.TryParse(text, out var template, out var error))
        {
            return template!;
        }

        mistakes.Add(key, error!);
        return MessageTemplate.Parse(string.Empty);
    }

    private TimeSpan Duration(string text, string key) => mistakes.Check(
        FilterText.TryParseDuration(text, out var duration), key, text, "1ms to 7d, such as 500ms, 5s, 1m, 2h or 1d")
            ? duration
            : TimeSpan.FromSeconds(1);

    private List<FilterField> Fields(List<string> names, string key)
    {
        mistakes.Check(names.Count <= KeyFields.Max, key, names.Count, $"at most {KeyFields.Max} fields");
        var fields = new List<FilterField>();
        foreach (var name in names)
        {
            if (FilterField.TryParse(name, out var field, out var error))
            {
                fields.Add(field!);
            }
            else
            {
                mistakes.Add(key, error!);
            }
        }

        return fields;
    }

    /// <summary>A rule whose event or anomaly leads back to itself would call itself for ever.</summary>
    private static void CheckCycles(List<Rule> rules, Mistakes mistakes)
    {
        foreach (var rule in rules.Where(r => Outputs(r).Any()))
        {
            var reached = new HashSet<Rule>(ReferenceEqualityComparer.Instance);
            var next = new Queue<Rule>([rule]);
            while (next.TryDequeue(out var from))
            {
                foreach (var to in rules.Where(r => r.On.Any(o => Outputs(from).Any(t => Names.Selects(o, t)))))
                {
                    if (reached.Add(to))
                    {
                        next.Enqueue(to);
                    }
                }
            }

            var leadsBack = reached.Contains(rule);
            if (rule.Emit is { } emit)
            {
                mistakes.Check(!leadsBack, $"rules:{rule.Name}:emit:type", emit.Type, "a type that does not lead back to the rule");
                mistakes.Check(
                    rule.On.Count > 0, $"rules:{rule.Name}:on", "", "at least one type, because a rule that emits must not see its own events");
            }
            else
            {
                mistakes.Check(!leadsBack, $"rules:{rule.Name}:on", string.Join(", ", rule.On), "types that the rule's own anomaly does not lead to");
            }
        }
    }

    /// <summary>Types of the events that follow when a rule fires.</summary>
    private static IEnumerable<string> Outputs(Rule rule) =>
        (rule.Raise is null ? [] : EventTypeRegistry.OfEngine).Concat(rule.Emit is { } emit ? [emit.Type] : []);
}
