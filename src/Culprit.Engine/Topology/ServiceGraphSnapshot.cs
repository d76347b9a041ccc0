using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Culprit.Engine.Topology;

/// <summary>The binary form of what a service graph learned.</summary>
/// <remarks>
/// Little endian: u8 version (1); i32 count of services, each u16 length + UTF-8 name + i64 last seen;
/// i32 count of edges, each two names and i64 messages, hosts, traces, spans, last seen. Sorted, so equal graphs give equal bytes.
/// </remarks>
internal static class ServiceGraphSnapshot
{
    private const byte Version = 1;

    public static void Save(ServiceGraph graph, IBufferWriter<byte> output)
    {
        output.Write([Version]);
        Write(output, graph.Services.Count);
        foreach (var (service, nanos) in graph.Services.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Write(output, service);
            Write(output, nanos);
        }

        Write(output, graph.Learned.Count);
        var edges = graph.Learned
            .OrderBy(e => e.Key.Caller, StringComparer.Ordinal)
            .ThenBy(e => e.Key.Callee, StringComparer.Ordinal);
        foreach (var ((caller, callee), edge) in edges)
        {
            Write(output, caller);
            Write(output, callee);
            Write(output, edge.Messages);
            Write(output, edge.Hosts);
            Write(output, edge.Traces);
            Write(output, edge.Spans);
            Write(output, edge.LastSeenNanos);
        }
    }

    public static bool TryLoad(ReadOnlySpan<byte> bytes, ServiceGraphOptions options, [NotNullWhen(true)] out ServiceGraph? graph)
    {
        graph = null;
        var loaded = new ServiceGraph(options);
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            return false;
        }

        bytes = bytes[1..];
        if (!TryReadServices(ref bytes, loaded, options.MaxServices) || !TryReadEdges(ref bytes, loaded, options.MaxEdges) || !bytes.IsEmpty)
        {
            return false;
        }

        graph = loaded;
        return true;
    }

    private static bool TryReadServices(ref ReadOnlySpan<byte> bytes, ServiceGraph graph, int max)
    {
        if (!TryRead(ref bytes, out int count) || count < 0 || count > max)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryRead(ref bytes, out string service) || !TryRead(ref bytes, out long nanos))
            {
                return false;
            }

            graph.Restore(service, nanos);
        }

        return true;
    }

    private static bool TryReadEdges(ref ReadOnlySpan<byte> bytes, ServiceGraph graph, int max)
    {
        if (!TryRead(ref bytes, out int count) || count < 0 || count > max)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryRead(ref bytes, out string caller) || !TryRead(ref bytes, out string callee)
                || !TryRead(ref bytes, out long messages) || !TryRead(ref bytes, out long hosts)
                || !TryRead(ref bytes, out long traces) || !TryRead(ref bytes, out long spans)
                || !TryRead(ref bytes, out long lastSeen) || messages < 0 || hosts < 0 || traces < 0 || spans < 0)
            {
                return false;
            }

            graph.Restore(caller, callee, new LearnedEdge
            {
                Messages = messages,
                Hosts = hosts,
                Traces = traces,
                Spans = spans,
                LastSeenNanos = lastSeen,
            });
        }

        return true;
    }

    private static void Write(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    private static void Write(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), value);
        output.Advance(4);
    }

    private static void Write(IBufferWriter<byte> output, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(2), (ushort)bytes.Length);
        output.Advance(2);
        output.Write(bytes);
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out long value)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(bytes, out value))
        {
            return false;
        }

        bytes = bytes[8..];
        return true;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out int value)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(bytes, out value))
        {
            return false;
        }

        bytes = bytes[4..];
        return true;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (!BinaryPrimitives.TryReadUInt16LittleEndian(bytes, out var length) || bytes.Length < 2 + length)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes.Slice(2, length));
        bytes = bytes[(2 + length)..];
        return true;
    }
}
