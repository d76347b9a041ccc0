using System.Text.RegularExpressions;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Traces;

/// <summary>Tells from the name of a span that it is a query, as instrumentations name them: <c>SELECT orders</c>, <c>pg.query</c>, <c>redis.GET</c>.</summary>
internal static partial class QueryName
{
    /// <summary>The kind of resource that is asked; none when it is no query.</summary>
    public static ResourceClass ClassOf(string operation) =>
        Statement().IsMatch(operation)
            ? ResourceClass.Database
            : InfrastructureWords.Of(operation[..(operation.IndexOfAny(['.', ':', ' ']) is > 0 and var end ? end : 0)]) is { IsGeneric: false } product
                ? product.Class : ResourceClass.None;

    /// <summary><c>DELETE /orders</c> is a request.</summary>
    [GeneratedRegex(@"^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|UPSERT|REPLACE)(?:$|\s+[^/\s])", RegexOptions.CultureInvariant)]
    private static partial Regex Statement();
}
