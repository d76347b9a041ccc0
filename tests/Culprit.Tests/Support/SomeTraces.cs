using System.Globalization;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Traces;

namespace Culprit.Tests.Support;

/// <summary>Requests of a small shop: <c>web</c> calls <c>orders</c>, which calls <c>stock</c> and then <c>prices</c>.</summary>
internal sealed class SomeTraces
{
    private static readonly Dictionary<PatternId, string> Texts = new()
    {
        [new PatternId(1)] = "order received",
        [new PatternId(2)] = "stock reserved",
        [new PatternId(3)] = "price found",
        [new PatternId(4)] = "lookup failed",
        [new PatternId(5)] = "place failed: stock answered 500",
    };

    public static readonly PatternNames Patterns = new((_, id) => Texts.GetValueOrDefault(id, "?"), (_, id) => id);

    private int _traces;

    public TraceBook Book { get; private set; } = new();

    /// <summary>Requests, one a second from a moment on.</summary>
    /// <param name="line">The pattern that a step of a request logs; 0 for none. Steps are the services' names.</param>
    /// <param name="wayMs">Time lost on the way to a service.</param>
    /// <param name="stops">After this service's answer, <c>orders</c> goes no further.</param>
    public SomeTraces Requests(
        double at, int count, Func<string, int>? line = null, Func<string, double>? wayMs = null, string? stops = null, string? error = null)
    {
        line ??= Usual;
        wayMs ??= _ => 1;
        for (var i = 0; i < count; i++)
        {
            var trace = (++_traces).ToString("x8", CultureInfo.InvariantCulture);
            var start = at + i;
            string[] called = stops == "stock" ? ["stock"] : ["stock", "prices"];
            Span(trace, "w", "", "web", "POST /order", start, 100);
            Span(trace, "o", "w", "orders", "place", start, 100 - wayMs("orders"), error == "orders");
            Line(trace, "o", "orders", line("orders"), start);
            foreach (var callee in called)
            {
                Span(trace, "c-" + callee, "o", "orders", "GET " + callee, start + 0.01, 20 + wayMs(callee));
                Span(trace, callee, "c-" + callee, callee, "find", start + 0.012 + (callee == "prices" ? 0.02 : 0), 20, error == callee);
                Line(trace, callee, callee, line(callee), start + 0.02);
            }
        }

        Book.Tick(Some.At(at + count + 60));
        return this;
    }

    /// <summary>Requests, one a second, in which <c>orders</c> renders and asks its database.</summary>
    public SomeTraces Queries(double at, int count, double queryMs, double renderMs)
    {
        for (var i = 0; i < count; i++)
        {
            var trace = (++_traces).ToString("x8", CultureInfo.InvariantCulture);
            Span(trace, "o", "", "orders", "GET /order", at + i, queryMs + renderMs + 2);
            Span(trace, "q", "o", "orders", "SELECT orders", at + i + 0.001, queryMs);
            Span(trace, "r", "o", "orders", "render", at + i + 0.001 + (queryMs / 1000), renderMs);
        }

        Book.Tick(Some.At(at + count + 60));
        return this;
    }

    public IReadOnlyList<TraceFinding> Compare(double from, double to) =>
        new TraceComparison(Book, Some.At(from), Some.At(to), Patterns).Findings();

    public IReadOnlyList<TraceFinding> LeftOutCalls(double from, double to) =>
        new TraceComparison(Book, Some.At(from), Some.At(to), Patterns).LeftOutCalls();

    /// <summary>Goes through a snapshot.</summary>
    public SomeTraces Restored()
    {
        Book = TraceBookSnapshot.Load(TraceBookSnapshot.Save(Book)) ?? throw new InvalidDataException();
        return this;
    }

    public static int Usual(string service) => service switch
    {
        "orders" => 1,
        "stock" => 2,
        _ => 3,
    };

    private void Span(string trace, string id, string parent, string service, string operation, double start, double ms, bool isError = false) =>
        Book.ObserveSpan(Bytes(trace), Bytes(trace + id), parent.Length > 0 ? Bytes(trace + parent) : [], service, Bytes(operation), Some.At(start), ms * 1e6, isError);

    private void Line(string trace, string span, string service, int pattern, double at)
    {
        if (pattern > 0)
        {
            var batch = Some.Batch(1, Some.Log(at, service, "said") with { TraceId = trace, SpanId = trace + span });
            Book.ObserveLine(batch[0], service, new PatternId((ulong)pattern), Some.At(at));
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
