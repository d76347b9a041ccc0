using Culprit.Engine.Traces;
using Xunit;

namespace Culprit.Tests.Traces;

public sealed class QueryNameTests
{
    [Theory]
    [InlineData("SELECT orders", "Database")]
    [InlineData("INSERT", "Database")]
    [InlineData("DELETE shop.orders", "Database")]
    [InlineData("pg.query:SELECT", "Database")]
    [InlineData("mongodb.find", "Database")]
    [InlineData("redis GET", "Cache")]
    [InlineData("DELETE /orders/{id}", "None")]
    [InlineData("POST /order", "None")]
    [InlineData("OrderDbService.find", "None")]
    [InlineData("cache.rebuild", "None")]
    [InlineData("", "None")]
    public void IsToldByTheNameOfASpan(string operation, string expected) => Assert.Equal(expected, QueryName.ClassOf(operation).ToString());
}
