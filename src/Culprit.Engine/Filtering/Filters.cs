using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Makes filters in code: <c>Filters.Type("log.entry") &amp; Filters.Source(".*-prod.*") &amp; !Filters.Level(FieldOperator.Less, Severity.Warn)</c>.</summary>
/// <remarks>An argument that the text form would refuse is a mistake of the caller and throws <see cref="ArgumentException"/>.</remarks>
internal static class Filters
{
    /// <summary>Largest count of <see cref="Rate"/>.</summary>
    public const long MaxRate = 1_000_000_000;

    /// <summary>Reads the text form; a text that is no filter gives an error that points at the character.</summary>
    public static FilterParse Parse(string text) => FilterParser.Parse(text);

    /// <summary>Any of these types; a <c>*</c> at the end of one stands for any rest.</summary>
    public static Filter Type(params IReadOnlyList<string> types) => new TypeFilter(NotEmpty(types));

    /// <summary>The source matches a regular expression.</summary>
    public static Filter Source(string pattern) => Matching("source", pattern);

    /// <summary>The message holds one of the words, in any case.</summary>
    public static Filter Keyword(params IReadOnlyList<string> words) => new KeywordFilter(NotEmpty(words));

    public static Filter Level(FieldOperator op, Severity level) => Compare(FilterField.Named("level")!, op, FilterLiteral.Of(level));

    public static Filter Timestamp(FieldOperator op, DateTimeOffset time) =>
        Compare(FilterField.Named("timestamp")!, op, FilterLiteral.OfTime(UnixNanos.From(time)));

    public static Filter Field(string name, FieldOperator op, string value) => Compare(TextField(name), op, FilterLiteral.Of(value));

    public static Filter Field(string name, FieldOperator op, double value) => Compare(ContextField(name), op, FilterLiteral.Of(value));

    public static Filter Field(string name, bool value) => Compare(ContextField(name), FieldOperator.Equal, FilterLiteral.Of(value));

    public static Filter In(string name, params IReadOnlyList<string> values) =>
        In(TextField(name), [.. NotEmpty(values).Select(FilterLiteral.Of)]);

    public static Filter Contains(string name, string part) => new ContainsFilter(TextField(name), part);

    /// <summary>The field matches a regular expression.</summary>
    public static Filter Matching(string name, string pattern) =>
        RegexFilter.TryCreate(TextField(name), pattern, out var filter, out var problem)
            ? filter!
            : throw new ArgumentException(problem, nameof(pattern));

    public static Filter Has(string name) => new PresenceFilter(FilterField.Parse(name));

    /// <summary>A share of the records, from 0 to 1, by a hash of the fields; without fields by the id.</summary>
    public static Filter Sample(double share, params IEnumerable<string> by) => share is >= 0 and <= 1
        ? new SampleFilter(share, KeyFields.Parse(by))
        : throw new ArgumentException("The share must be from 0 to 1.", nameof(share));

    /// <summary>At most so many records in a window, for each combination of the fields.</summary>
    public static Filter Rate(long count, TimeSpan window, params IEnumerable<string> by) => count is >= 1 and <= MaxRate
        ? new RateFilter(count, Window(window), KeyFields.Parse(by))
        : throw new ArgumentException($"The count must be from 1 to {MaxRate}.", nameof(count));

    /// <summary>The first of the records with the same fields within the window; without fields: same service, level and message.</summary>
    public static Filter Dedupe(TimeSpan window, params IEnumerable<string> by) => Dedupe(window, KeyFields.Parse(by));

    internal static Filter Dedupe(TimeSpan window, IReadOnlyList<FilterField> by) =>
        new DedupeFilter(Window(window), by.Count > 0 ? by : KeyFields.OfRepetition);

    /// <summary>A record can be of two types, so equality of types is for <see cref="TypeFilter"/> to judge.</summary>
    internal static Filter Compare(FilterField field, FieldOperator op, FilterLiteral literal) => (field.Kind, op) switch
    {
        (FieldKind.Type, FieldOperator.Equal) => new TypeFilter(literal.Text),
        (FieldKind.Type, FieldOperator.NotEqual) => !new TypeFilter(literal.Text),
        _ => new ComparisonFilter(field, op, literal),
    };

    internal static Filter In(FilterField field, IReadOnlyList<FilterLiteral> literals) => field.Kind == FieldKind.Type
        ? new TypeFilter(literals.Select(l => l.Text))
        : new MembershipFilter(field, literals);

    private static FilterField TextField(string name)
    {
        var field = FilterField.Parse(name);
        return field.Kind is FieldKind.Level or FieldKind.Timestamp
            ? throw new ArgumentException($"{name} is no text: use Filters.Level or Filters.Timestamp.", nameof(name))
            : field;
    }

    private static FilterField ContextField(string name)
    {
        var field = FilterField.Parse(name);
        return field.Kind == FieldKind.Context
            ? field
            : throw new ArgumentException($"{name} holds no number and no truth value; only context.NAME can.", nameof(name));
    }

    private static IReadOnlyList<string> NotEmpty(IReadOnlyList<string> texts) => texts.Count > 0 && texts.All(t => t.Length > 0)
        ? texts
        : throw new ArgumentException("At least one text, and none of them empty.", nameof(texts));

    private static TimeSpan Window(TimeSpan window) =>
        window > TimeSpan.Zero && window <= FilterText.MaxDuration && window.Ticks % TimeSpan.TicksPerMillisecond == 0
            ? window
            : throw new ArgumentException("The window must be 1 ms to 7 d, in whole milliseconds.", nameof(window));
}
