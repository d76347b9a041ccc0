namespace Culprit.Engine.Filtering;

/// <summary>The part that reads terms in the form of calls.</summary>
internal sealed partial class FilterParser
{
    private Filter? ReadCall(string name) => name switch
    {
        "type" => ReadStrings() is { } types ? new TypeFilter(types) : null,
        "source" => ReadRegex(FilterField.Named("source")!),
        "keyword" => ReadStrings() is { } words ? new KeywordFilter(words) : null,
        "has" => ReadField() is { } field ? new PresenceFilter(field) : null,
        "sample" => ReadSample(),
        "rate" => ReadRate(),
        "dedupe" => _in.TakeDuration(out var window) && ReadBy() is { } by ? Filters.Dedupe(window, by) : null,
        _ => throw new System.Diagnostics.UnreachableException($"Unknown term {name}."),
    };

    private SampleFilter? ReadSample()
    {
        _in.SkipSpace();
        var start = _in.Position;
        if (!_in.TakeNumber(out var share))
        {
            return null;
        }

        if (share is < 0 or > 1)
        {
            _in.Fail("no share", "a number from 0 to 1", start);
            return null;
        }

        return ReadBy() is { } by ? new SampleFilter(share, by) : null;
    }

    private RateFilter? ReadRate()
    {
        _in.SkipSpace();
        var start = _in.Position;
        if (!_in.TakeNumber(out var count))
        {
            return null;
        }

        if (count < 1 || count > Filters.MaxRate || count != Math.Floor(count))
        {
            _in.Fail("no count", $"a whole number from 1 to {Filters.MaxRate}", start);
            return null;
        }

        return _in.Take("/", "/ and a duration, such as 100/1s") && _in.TakeDuration(out var window) && ReadBy() is { } by
            ? new RateFilter((long)count, window, by)
            : null;
    }

    /// <summary>The fields after <c>by</c>; none when there is no <c>by</c>; null after an error.</summary>
    private List<FilterField>? ReadBy()
    {
        var fields = new List<FilterField>();
        if (!_in.TryTakeWord("by"))
        {
            return fields;
        }

        do
        {
            if (ReadField() is not { } field || !HasRoom(fields.Count, KeyFields.Max))
            {
                return null;
            }

            fields.Add(field);
        }
        while (_in.TryTake(","));

        return fields;
    }
}
