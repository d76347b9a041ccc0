using Culprit.Engine.Topology;
using Xunit;

namespace Culprit.Tests.Topology;

public sealed class NodeNameTests
{
    [Theory]
    [InlineData("postgres", "postgres")]
    [InlineData("  User-Service ", "user-service")]
    [InlineData("user_service", "user-service")]
    [InlineData("redis:6379", "redis")]
    [InlineData("postgres-primary-0.db.svc:5432", "postgres-primary")]
    [InlineData("postgres-primary-0.db.svc.cluster.local", "postgres-primary")]
    [InlineData("user-service-7d9f8b6c5-x2x4z", "user-service")]
    [InlineData("http://bob:secret@user-service:8080/users/1?x=2", "user-service")]
    [InlineData("cache-12.prod.internal.", "cache")]
    [InlineData("api.example.com", "api.example.com")]
    [InlineData("acme.orders.api", "acme.orders.api")]
    [InlineData("10.0.0.7:5432", "10.0.0.7")]
    [InlineData("[fe80::1]:80", "fe80::1")]
    [InlineData("web-v2", "web-v2")]
    [InlineData("ip-10-0-0-5", "ip-10-0-0-5")]
    [InlineData("-1", "-1")]
    public void NamesLoseWhatTellsReplicasApartAndNothingElse(string name, string expected) =>
        Assert.Equal(expected, NodeName.Normalise(name));

    [Fact]
    public void NormalisingAnExampleTwiceChangesNothing()
    {
        foreach (var name in new[] { "a_b-0.ns.svc:1", "x-7d9f8b6c5-x2x4z", "https://h/p", "UPPER" })
        {
            var once = NodeName.Normalise(name);

            Assert.Equal(once, NodeName.Normalise(once));
        }
    }
}
