namespace Culprit.Engine.Filtering;

/// <summary>Lists of fields that make a key: of rates, deduplication and the scope of a threshold.</summary>
internal static class KeyFields
{
    /// <summary>Fields in one key.</summary>
    public const int Max = 8;

    /// <summary>What tells repetitions apart unless said otherwise, as in SEED.md: service, level and message.</summary>
    public static IReadOnlyList<FilterField> OfRepetition { get; } =
        [FilterField.Named("service")!, FilterField.Named("level")!, FilterField.Named("message")!];

    /// <exception cref="ArgumentException">One of the names is no field, or there are more than <see cref="Max"/>.</exception>
    public static IReadOnlyList<FilterField> Parse(params IEnumerable<string> names)
    {
        var fields = names.Select(FilterField.Parse).ToList();
        return fields.Count <= Max ? fields : throw new ArgumentException($"More than {Max} fields.", nameof(names));
    }
}
