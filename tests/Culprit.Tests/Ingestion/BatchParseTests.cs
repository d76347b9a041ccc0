using Culprit.Engine.Ingestion;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class BatchParseTests
{
    [Fact]
    public void WhatIsForbiddenIsNamedByItsPlaceInTheBody()
    {
        var parse = new BatchParse { Total = 7 };
        parse.Rejected.Add(new Rejection(1, "bad", "d"));
        parse.CountDuplicate(3);

        // Taken were 0, 2, 4, 5 and 6.
        parse.Forbid([(1, "x"), (3, "y")], "not_permitted");

        Assert.Equal([1, 2, 5], parse.Rejected.Select(r => r.Index));
        Assert.Equal(1, parse.Duplicates);
        Assert.True(parse.HasForbidden);
    }
}
