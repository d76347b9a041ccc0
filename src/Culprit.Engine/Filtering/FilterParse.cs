namespace Culprit.Engine.Filtering;

/// <summary>What came of a text: a filter or an error, never both.</summary>
internal sealed record FilterParse
{
    private FilterParse(Filter? filter, FilterError? error) => (Filter, Error) = (filter, error);

    public Filter? Filter { get; }

    public FilterError? Error { get; }

    public static FilterParse Of(Filter filter) => new(filter, null);

    public static FilterParse Of(FilterError error) => new(null, error);
}
