using System.Buffers;
using CsCheck;
using Culprit.Engine.Topology;
using Xunit;

namespace Culprit.Tests.Topology;

public sealed class ServiceGraphTests
{
    private static readonly ServiceGraphOptions Seed = new()
    {
        Dependencies = new Dictionary<string, IReadOnlyList<string>>
        {
            ["api-gateway"] = ["user-service", "auth-service"],
            ["user-service"] = ["postgres", "redis"],
            ["auth-service"] = ["redis"],
        },
    };

    [Fact]
    public void AVetoedCallIsNeverLearnedAndForgottenWhenItWasLearnedBefore()
    {
        var before = new ServiceGraph(new ServiceGraphOptions());
        before.ObserveSpan("web", "mail", 1);
        before.ObserveSpan("web", "api", 1);
        var saved = new ArrayBufferWriter<byte>();
        before.Save(saved);
        var vetoes = new ServiceGraphOptions { Vetoes = new Dictionary<string, IReadOnlyList<string>> { ["Web"] = ["mail"] } };

        Assert.True(ServiceGraph.TryLoad(saved.WrittenSpan, vetoes, out var graph));
        graph.ObserveSpan("web", "mail", 2);
        graph.ObserveMessage("web", "POST http://mail:8080/send failed", 3);
        graph.ObserveSpan("mail", "web", 4);

        Assert.Equal([("mail", "web"), ("web", "api")], graph.Edges().Select(e => (e.Caller, e.Callee)));
    }

    [Fact]
    public void AVetoLeavesWhatIsDeclared()
    {
        var graph = new ServiceGraph(Seed with { Vetoes = Seed.Dependencies });

        Assert.Equal(5, graph.Edges().Count);
    }

    [Fact]
    public void DeclaredDependenciesAreEdgesWithoutDoubt()
    {
        var edges = new ServiceGraph(Seed).Edges();

        Assert.Equal(5, edges.Count);
        Assert.All(edges, e => Assert.Equal((EdgeSource.Declared, 1.0), (e.Source, e.Confidence)));
        Assert.Contains(edges, e => (e.Caller, e.Callee) == ("user-service", "postgres"));
    }

    [Fact]
    public void AHostInAMessageIsAnEdgeWhoseConfidenceGrowsWithRepetition()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());
        graph.ObserveMessage("web", "GET http://user-service:8080/u failed", 1);
        var once = Assert.Single(graph.Edges());

        for (var i = 0; i < 20; i++)
        {
            graph.ObserveMessage("web", "GET http://user-service:8080/u failed", i);
        }

        var often = Assert.Single(graph.Edges());
        Assert.Equal(("web", "user-service", EdgeSource.Message), (once.Caller, once.Callee, once.Source));
        Assert.InRange(once.Confidence, 0.5, 0.8);
        Assert.InRange(often.Confidence, once.Confidence + 0.05, 0.9);
        Assert.Contains("21 messages of web give user-service as a host", often.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void GeneralWordsAndBareAddressesAreNoNodes()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());

        graph.ObserveMessage("web", "connection to database refused", 1);
        graph.ObserveMessage("web", "dial tcp 10.0.0.1:5432: connection refused", 1);

        Assert.Empty(graph.Edges());
    }

    [Fact]
    public void AServiceIsRecognisedByNameOnceItLogged()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());
        graph.ObserveMessage("web", "cart unavailable", 1);
        Assert.Empty(graph.Edges());

        graph.ObserveService("cart", 2);
        graph.ObserveMessage("web", "cart unavailable", 3);

        Assert.Equal("cart", Assert.Single(graph.Edges()).Callee);
    }

    [Fact]
    public void TheServiceThatSpeaksFirstAndLastIsTheCaller()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());

        graph.ObserveTrace([new("db-proxy", 4), new("web", 1), new("orders", 2), new("web", 9), new("orders", 7)]);

        Assert.Equal([("orders", "db-proxy"), ("web", "orders")], graph.Edges().Select(e => (e.Caller, e.Callee)));
        Assert.All(graph.Edges(), e => Assert.InRange(e.Confidence, 0.2, 0.6));
    }

    [Fact]
    public void OfTwoThatACallerCallsInTurnNeitherCallsTheOther()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());

        graph.ObserveTrace([new("a", 1), new("b", 2), new("a", 3), new("c", 4), new("a", 5), new("b", 6), new("a", 7)]);

        Assert.Equal([("a", "b"), ("a", "c")], graph.Edges().Select(e => (e.Caller, e.Callee)));
    }

    [Fact]
    public void AServiceThatLogsOnlyAtTheEndIsNotCalledByTheHostsItNames()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());
        for (var i = 0; i < 10; i++)
        {
            graph.ObserveTrace([new("prices", 1), new("web", 2), new("prices", 3)]);
            graph.ObserveMessage("web", "GET http://prices:8080/ answered 500", i);
        }

        var edges = graph.Edges().ToDictionary(e => (e.Caller, e.Callee), e => e.Confidence);

        Assert.True(edges[("web", "prices")] > 0.7);
        Assert.True(edges[("prices", "web")] < 0.2);
    }

    [Fact]
    public void TracesThatContradictOneAnotherLowerTheConfidence()
    {
        var sure = new ServiceGraph(new ServiceGraphOptions());
        var torn = new ServiceGraph(new ServiceGraphOptions());
        for (var i = 0; i < 10; i++)
        {
            sure.ObserveTrace([new("a", 1), new("b", 2), new("a", 3)]);
            torn.ObserveTrace([new("a", 1), new("b", 2), new("a", 3)]);
            torn.ObserveTrace([new("b", 1), new("a", 2), new("b", 3)]);
        }

        Assert.True(torn.Edges()[0].Confidence < sure.Edges()[0].Confidence - 0.2);
    }

    [Fact]
    public void ASpanIsStrongerThanAnyNumberOfTraces()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions());

        graph.ObserveSpan("web-7d9f8b6c5-x2x4z", "orders-0", 5);

        var edge = Assert.Single(graph.Edges());
        Assert.Equal(("web", "orders", EdgeSource.Span), (edge.Caller, edge.Callee, edge.Source));
        Assert.True(edge.Confidence > 0.9);
    }

    [Fact]
    public void TheOldestEdgesMakeRoomAndAreCounted()
    {
        var graph = new ServiceGraph(new ServiceGraphOptions { MaxEdges = 16, MaxServices = 8 });

        for (var i = 0; i < 100; i++)
        {
            graph.ObserveSpan("web", $"callee{i}x", i);
            graph.ObserveService($"callee{i}x", i);
        }

        Assert.InRange(graph.Edges().Count, 14, 16);
        Assert.True(graph.KnownNames.Count <= 8);
        Assert.Contains(graph.Edges(), e => e.Callee == "callee99x");
        Assert.DoesNotContain(graph.Edges(), e => e.Callee == "callee0x");
        Assert.True(graph.Evicted >= 84);
    }

    [Fact]
    public void ARestoredGraphSaysTheSame() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 2], Gen.Long[0, 1000]).List[0, 40].Sample(facts =>
        {
            var graph = new ServiceGraph(Seed);
            Observe(graph, facts);
            var bytes = new ArrayBufferWriter<byte>();
            graph.Save(bytes);

            Assert.True(ServiceGraph.TryLoad(bytes.WrittenSpan, Seed, out var restored));

            Assert.Equal(graph.Edges(), restored.Edges());
            Assert.Equal(graph.KnownNames.Order(), restored.KnownNames.Order());
        });

    [Fact]
    public void TheOrderOfObservationsDoesNotMatter() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 2], Gen.Long[0, 1000]).List[0, 40].Sample(facts =>
        {
            var forward = new ServiceGraph(Seed);
            var backward = new ServiceGraph(Seed);

            Observe(forward, facts);
            Observe(backward, facts.AsEnumerable().Reverse());

            Assert.Equal(forward.Edges(), backward.Edges());
        });

    [Fact]
    public void DamagedSnapshotsAreRefused()
    {
        var graph = new ServiceGraph(Seed);
        graph.ObserveSpan("a", "b", 1);
        graph.ObserveService("a", 1);
        var writer = new ArrayBufferWriter<byte>();
        graph.Save(writer);
        var bytes = writer.WrittenSpan.ToArray();

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(ServiceGraph.TryLoad(bytes.AsSpan(0, length), Seed, out _));
        }

        Assert.False(ServiceGraph.TryLoad([2, .. bytes.AsSpan(1)], Seed, out _));
        Assert.False(ServiceGraph.TryLoad([.. bytes, 0], Seed, out _));
    }

    private static void Observe(ServiceGraph graph, IEnumerable<(int A, int B, int How, long At)> facts)
    {
        foreach (var (a, b, how, at) in facts)
        {
            switch (how)
            {
                case 0:
                    graph.ObserveSpan($"svc-{(char)('a' + a)}", $"svc-{(char)('a' + b)}", at);
                    break;
                case 1:
                    graph.ObserveMessage($"svc-{(char)('a' + a)}", $"http://svc-{(char)('a' + b)}:80/ failed", at);
                    break;
                default:
                    graph.ObserveTrace([new($"svc-{(char)('a' + a)}", at), new($"svc-{(char)('a' + b)}", at + 1), new($"svc-{(char)('a' + a)}", at + 2)]);
                    break;
            }
        }
    }
}
