using System.Globalization;
using System.Text;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Engine.Rules;

/// <summary>One rule at work: its filter's memory and its scopes. Not thread-safe.</summary>
internal sealed class RuleRun
{
    /// <summary>Newest counted records that a rule keeps to show: those of a rare scope may be pushed out by a busy one.</summary>
    private const int MaxRecent = 400;
    private const int MaxEvidence = 20;
    private const int MaxValueLength = 200;

    private readonly Filter? _wanted;
    private readonly Filter? _dedupe;
    private readonly FilterContext _context;
    private readonly FilterField[] _scopeFields;
    private readonly RecentKeys<RuleScope> _scopes;
    private readonly Queue<RuleEvidence> _recent = new();
    private readonly long _windowNanos;
    private readonly long _latenessNanos;
    private RuleCounts _counts;

    /// <param name="maxTimes">Times that all scopes together may keep.</param>
    /// <param name="maxKeys">Keys that each term of the filter may remember.</param>
    public RuleRun(Rule rule, ulong journalId, TimeSpan lateness, int maxTimes, int maxKeys)
    {
        Rule = rule;
        _latenessNanos = UnixNanos.From(lateness);
        _windowNanos = UnixNanos.From(rule.Threshold?.Window ?? TimeSpan.Zero);
        _scopeFields = [.. rule.Threshold?.Scope ?? []];
        _dedupe = rule.Dedupe is { } dedupe ? Filters.Dedupe(dedupe.Window, dedupe.By ?? []) : null;
        Filter? types = rule.On.Count > 0 ? Filters.Type(rule.On) : null;
        _wanted = types is null || rule.Where is null ? types ?? rule.Where : types & rule.Where;
        _context = new FilterContext(journalId, maxKeys, new[] { _wanted, _dedupe }.OfType<Filter>());

        // The more times a scope may keep, the fewer scopes there is room for.
        _scopes = new RecentKeys<RuleScope>(Math.Clamp(maxTimes / RuleScope.MaxTimes(rule.Threshold?.Count ?? 1), 16, 10_000));
    }

    public Rule Rule { get; }

    public RuleCounts Counts => _counts with
    {
        ForgottenKeys = _scopes.Evicted + _context.ForgottenKeys,
        RegexTimeouts = _context.RegexTimeouts,
    };

    /// <summary>Takes a record; the firing that it completes, or null.</summary>
    public RuleFiring? Observe(in LogRecord record, long timeNanos)
    {
        _context.TimeNanos = timeNanos;
        if (_wanted is not null && !_wanted.Matches(record, _context))
        {
            return null;
        }

        _counts = _counts with { Matched = _counts.Matched + 1 };
        if (_dedupe is not null && !_dedupe.Matches(record, _context))
        {
            _counts = _counts with { Repeated = _counts.Repeated + 1 };
            return null;
        }

        var reference = Reference(record, timeNanos);
        if (Rule.Threshold is not { } threshold)
        {
            _counts = _counts with { Fired = _counts.Fired + 1 };
            var id = ContentId.Of("rule", Rule.Name, reference.Id);
            return Fire(id, new FiringFacts(Rule.Name, 1, null, ScopeKey(record), timeNanos, timeNanos), [reference], record);
        }

        var key = RecordKey.Of(_scopeFields, record, _context);
        if (!_scopes.TryGet(key, out var scope))
        {
            scope = new RuleScope();
            _scopes.Set(key, scope);
        }

        Remember(new RuleEvidence(key, reference));
        if (!scope.Add(timeNanos, threshold.Count, _windowNanos, _latenessNanos, out var start))
        {
            _counts = scope.IsOpen
                ? _counts with { Absorbed = _counts.Absorbed + 1 }
                : _counts with { Counted = _counts.Counted + 1 };
            return null;
        }

        _counts = _counts with { Fired = _counts.Fired + 1 };
        var (count, end) = scope.InWindow(start, _windowNanos);
        var facts = new FiringFacts(Rule.Name, count, threshold.Window, ScopeKey(record), start, end);
        return Fire(
            ContentId.Of("rule", Rule.Name, Number(unchecked((long)key)), Number(start / _windowNanos)), facts,
            Evidence(key, start, end), record);
    }

    public RuleState ToState() => new(
        Rule.Name, ThresholdText(), _context.ToState(), [.. _scopes.OldestFirst.Select(s => s.Value.ToState(s.Key))], [.. _recent]);

    public void Restore(RuleState state)
    {
        _context.Restore(state.Filter);
        if (state.Threshold != ThresholdText())
        {
            return;
        }

        foreach (var scope in state.Scopes)
        {
            _scopes.Set(scope.Key, RuleScope.Restore(scope));
        }

        foreach (var evidence in state.Recent)
        {
            Remember(evidence);
        }
    }

    private void Remember(RuleEvidence evidence)
    {
        if (_recent.Count >= MaxRecent)
        {
            _recent.Dequeue();
        }

        _recent.Enqueue(evidence);
    }

    /// <summary>The newest counted records of the scope within the window, oldest first; the last one counted is among them.</summary>
    private List<RecordRef> Evidence(ulong scope, long start, long end) =>
        [.. _recent.Where(e => e.Scope == scope && e.Reference.TimestampNanos >= start && e.Reference.TimestampNanos <= end)
            .Select(e => e.Reference).TakeLast(MaxEvidence).OrderBy(r => r.TimestampNanos).ThenBy(r => r.Sequence)];

    private RuleFiring Fire(string id, in FiringFacts facts, IReadOnlyList<RecordRef> evidence, in LogRecord record)
    {
        var traceId = record.TraceId.IsEmpty ? null : Encoding.UTF8.GetString(record.TraceId);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in _scopeFields)
        {
            fields[field.Name] = Value(field, record);
        }

        var firing = new RuleFiring
        {
            Id = id,
            Rule = Rule,
            ScopeKey = facts.Scope,
            Fields = fields,
            Environment = Encoding.UTF8.GetString(record.Environment),
            Services = [.. evidence.GroupBy(r => r.Service).OrderByDescending(g => g.Count())
                .ThenBy(g => g.Min(r => r.TimestampNanos)).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key)],
            Count = facts.Count,
            WindowStartNanos = facts.StartNanos,
            WindowEndNanos = facts.EndNanos,
            Evidence = evidence,
            CausationId = _context.IdTextOf(record),
            CorrelationId = record.CorrelationId.IsEmpty ? id : Encoding.UTF8.GetString(record.CorrelationId),
            TraceId = traceId,
            Message = Rule.Raise?.Message.Render(facts, record, _context),
        };
        return Rule.Emit is { } emit ? firing with { Emitted = Emit(firing, emit, facts, record) } : firing;
    }

    private CustomEvent Emit(RuleFiring firing, EmitAction emit, in FiringFacts facts, in LogRecord record)
    {
        // A ref struct cannot enter the lambda that writes the event: the fields are written here and copied there.
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new System.Text.Json.Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in new[] { ("environment", firing.Environment), ("service", firing.Services[0]) })
            {
                if (!emit.Fields.Any(f => f.Key == name))
                {
                    json.WriteString(name, value);
                }
            }

            foreach (var (name, template) in emit.Fields)
            {
                template.Write(json, name, facts, record, _context);
            }

            json.WriteEndObject();
        }

        using var fields = System.Text.Json.JsonDocument.Parse(buffer.WrittenMemory);
        return CustomEvent.Write(
            ContentId.Of("rule-event", firing.Id, emit.Type), emit.Type, firing.Source, firing.WindowEndNanos, firing.Environment,
            firing.Services[0], firing.TraceId, firing.CorrelationId, firing.Id, json =>
            {
                foreach (var field in fields.RootElement.EnumerateObject())
                {
                    field.WriteTo(json);
                }
            });
    }

    private RecordRef Reference(in LogRecord record, long timeNanos)
    {
        var body = record.Body;
        var text = Encoding.UTF8.GetString(body.Length > 4 * RecordRef.MaxTextLength ? body[..(4 * RecordRef.MaxTextLength)] : body);
        return new RecordRef(
            record.Sequence, _context.IdTextOf(record), timeNanos, Encoding.UTF8.GetString(record.Service), record.Severity,
            text.Length > RecordRef.MaxTextLength ? text[..RecordRef.MaxTextLength] : text,
            record.TraceId.IsEmpty ? null : Encoding.UTF8.GetString(record.TraceId));
    }

    /// <summary>Fields and values of the scope; without fields, the environment of the record.</summary>
    private string ScopeKey(in LogRecord record)
    {
        if (_scopeFields.Length == 0)
        {
            return Rule.Threshold is null ? "environment=" + Encoding.UTF8.GetString(record.Environment) : "all";
        }

        var text = new StringBuilder();
        foreach (var field in _scopeFields)
        {
            text.Append(text.Length == 0 ? "" : ", ").Append(field).Append('=').Append(Value(field, record));
        }

        return text.ToString();
    }

    /// <summary>The value of a scope's field, short enough to be shown.</summary>
    private string Value(FilterField field, in LogRecord record) => field.ReadText(record, _context) switch
    {
        null => "-",
        { Length: > MaxValueLength } text => text[..MaxValueLength] + "…",
        var text => text,
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string ThresholdText() => Rule.Threshold is { } threshold
        ? $"{threshold.Count}/{FilterText.Duration(threshold.Window)} by {string.Join(", ", _scopeFields.Select(f => f.Name))}"
        : string.Empty;
}
