using System.Text;
using Culprit.Engine.Topology;

namespace Culprit.Tests.Topology;

public class SpanJoinTests
{
    private SpanJoin _join = new();
    private readonly List<(string, string)> _calls = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ParentAndChildAreJoinedInAnyOrder(bool parentFirst)
    {
        Observe(parentFirst ? "a" : "b", parentFirst ? "" : "a", parentFirst ? "gateway" : "users");
        Observe(parentFirst ? "b" : "a", parentFirst ? "a" : "", parentFirst ? "users" : "gateway");

        Assert.Equal([("gateway", "users")], _calls);
    }

    [Fact]
    public void ASpanOfTheSameServiceIsNoCall()
    {
        Observe("a", "", "gateway");
        Observe("b", "a", "gateway");

        Assert.Empty(_calls);
    }

    [Fact]
    public void SpansWithoutEndAreForgottenInsteadOfKept()
    {
        for (var i = 0; i < 3 * SpanJoin.MaxSpans; i++)
        {
            Observe($"s{i}", "", "gateway");
        }

        Observe("child", "s0", "users");
        Observe("child2", $"s{(3 * SpanJoin.MaxSpans) - 1}", "users");

        Assert.Single(_calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ParentAndChildAreJoinedAcrossARestart(bool parentFirst)
    {
        Observe(parentFirst ? "a" : "b", parentFirst ? "" : "a", parentFirst ? "gateway" : "users");

        var restored = new SpanJoin();
        Assert.True(restored.TryRestore(_join.Save()));
        _join = restored;
        Observe(parentFirst ? "b" : "a", parentFirst ? "a" : "", parentFirst ? "users" : "gateway");

        Assert.Equal([("gateway", "users")], _calls);
    }

    [Fact]
    public void ADamagedFormIsRefusedAtEveryLength()
    {
        Observe("a", "", "gateway");
        Observe("b", "x", "users");
        var saved = _join.Save();

        Assert.All(Enumerable.Range(0, saved.Length), n => Assert.False(new SpanJoin().TryRestore(saved.AsSpan(0, n))));
        Assert.False(new SpanJoin().TryRestore([.. saved, 0]));
    }

    private void Observe(string span, string parent, string service) =>
        _join.Observe(Encoding.UTF8.GetBytes(span), Encoding.UTF8.GetBytes(parent), service, (caller, callee) => _calls.Add((caller, callee)));
}
