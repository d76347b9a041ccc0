namespace Culprit.Engine.Traces;

/// <summary>Writes a <see cref="TraceBook"/> and reads it back.</summary>
/// <remarks>Numbers are 7-bit encoded, moments as they are: some 60 bytes for each operation of a trace.</remarks>
internal static class TraceBookSnapshot
{
    private const byte Version = 1;
    private const int BytesPerNode = 64;

    public static byte[] Save(TraceBook book)
    {
        using var bytes = new MemoryStream(BytesPerNode * book.Kept.Sum(t => t.Nodes.Length));
        using var output = new BinaryWriter(bytes);
        output.Write(Version);
        Save(output, book.Index);
        output.Write7BitEncodedInt64(book.NowNanos);
        output.Write7BitEncodedInt64(book.SweptNanos);
        output.Write7BitEncodedInt64(book.Dropped);
        output.Write7BitEncodedInt(book.SampleBits);
        Save(output, book.Past.Traces, book.Past.AllVisits, book.Past.AllEvents);
        output.Write7BitEncodedInt(book.Kept.Count);
        foreach (var trace in book.Kept)
        {
            Save(output, trace);
        }

        output.Write7BitEncodedInt(book.Open.Count);
        foreach (var (id, trace) in book.Open)
        {
            output.Write(id);
            Save(output, trace);
        }

        output.Flush();
        return bytes.ToArray();
    }

    /// <summary>Null when the bytes are not a snapshot of this version.</summary>
    public static TraceBook? Load(byte[] bytes)
    {
        try
        {
            using var input = new BinaryReader(new MemoryStream(bytes));
            return input.ReadByte() == Version ? Read(input) : null;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or OverflowException or OutOfMemoryException)
        {
            return null;
        }
    }

    private static TraceBook Read(BinaryReader input)
    {
        var index = ReadIndex(input);
        var now = input.Read7BitEncodedInt64();
        var swept = input.Read7BitEncodedInt64();
        var dropped = input.Read7BitEncodedInt64();
        var sampleBits = input.Read7BitEncodedInt();
        var past = new TraceCounts(input.ReadDouble(), List(input, r => r.ReadDouble()), List(input, r => r.ReadDouble()));
        var kept = List(input, ReadCompact);
        var open = List(input, r => (r.ReadUInt64(), ReadOpen(r)));
        return new TraceBook(index, past, kept, open, now, swept, sampleBits, dropped);
    }

    private static void Save(BinaryWriter output, OperationIndex index)
    {
        List(output, index.Names.Skip(1).ToList(), n => output.Write(n));
        List(output, index.Lines, l =>
        {
            output.Write7BitEncodedInt(l.Key.Service);
            output.Write(l.Key.Statement);
            output.Write7BitEncodedInt(l.Value);
        });
        List(output, index.Operations, o =>
        {
            output.Write7BitEncodedInt(o.Service);
            output.Write7BitEncodedInt(o.Entry);
            output.Write7BitEncodedInt(o.Name);
        });
        List(output, index.Events, e =>
        {
            output.Write7BitEncodedInt(e.Operation);
            output.Write((byte)e.Kind);
            output.Write(e.Level);
            output.Write(e.Value);
        });
        List(output, index.Edges, e =>
        {
            output.Write7BitEncodedInt(e.Caller);
            output.Write7BitEncodedInt(e.Callee);
        });
    }

    private static OperationIndex ReadIndex(BinaryReader input)
    {
        var index = new OperationIndex();
        List(input, r => index.Name(r.ReadString()));
        foreach (var (service, statement, name) in List(input, r => (r.Read7BitEncodedInt(), r.ReadUInt64(), r.Read7BitEncodedInt())))
        {
            index.Restore((service, statement), name);
        }

        List(input, r => index.Operation(new OperationKey(r.Read7BitEncodedInt(), r.Read7BitEncodedInt(), r.Read7BitEncodedInt())));
        List(input, r => index.Event(new EventKey(r.Read7BitEncodedInt(), (TraceEventKind)r.ReadByte(), r.ReadByte(), r.ReadUInt64())));
        List(input, r => index.Edge(r.Read7BitEncodedInt(), r.Read7BitEncodedInt()));
        return index;
    }

    private static void Save(BinaryWriter output, double traces, IReadOnlyList<double> visits, IReadOnlyList<double> events)
    {
        output.Write(traces);
        List(output, visits, output.Write);
        List(output, events, output.Write);
    }

    private static void Save(BinaryWriter output, CompactTrace trace)
    {
        output.Write7BitEncodedInt64(trace.StartNanos);
        output.Write7BitEncodedInt(trace.Weight);
        output.Write7BitEncodedInt64(trace.RootNanos);
        List(output, trace.Nodes, n =>
        {
            output.Write7BitEncodedInt(n.Operation);
            List(output, n.Events, output.Write7BitEncodedInt);
            List(output, n.Children, output.Write7BitEncodedInt);
            output.Write7BitEncodedInt(n.LastRemote);
            output.Write(n.HasError);
        });
        List(output, trace.Gaps, s => Save(output, s));
        List(output, trace.Selves, s => Save(output, s));
    }

    private static void Save(BinaryWriter output, TimedStep step)
    {
        output.Write7BitEncodedInt(step.Id);
        output.Write7BitEncodedInt64(step.Nanos);
    }

    private static CompactTrace ReadCompact(BinaryReader input) => new(
        input.Read7BitEncodedInt64(), input.Read7BitEncodedInt(), input.Read7BitEncodedInt64(),
        [.. List(input, r => new TraceNode(
            r.Read7BitEncodedInt(), [.. List(r, x => x.Read7BitEncodedInt())], [.. List(r, x => x.Read7BitEncodedInt())],
            r.Read7BitEncodedInt(), r.ReadBoolean()))],
        [.. List(input, ReadStep)], [.. List(input, ReadStep)]);

    private static TimedStep ReadStep(BinaryReader input) => new(input.Read7BitEncodedInt(), input.Read7BitEncodedInt64());

    private static void Save(BinaryWriter output, OpenTrace trace)
    {
        output.Write7BitEncodedInt64(trace.LastNanos);
        List(output, trace.Spans, s =>
        {
            output.Write(s.Id);
            output.Write(s.Parent);
            output.Write7BitEncodedInt(s.Service);
            output.Write7BitEncodedInt(s.Name);
            output.Write7BitEncodedInt64(s.StartNanos);
            output.Write7BitEncodedInt64(s.DurationNanos);
            output.Write(s.IsError);
        });
        List(output, trace.Lines, l =>
        {
            output.Write(l.Span);
            output.Write7BitEncodedInt(l.Service);
            output.Write7BitEncodedInt(l.Line);
            output.Write(l.Level);
            output.Write7BitEncodedInt64(l.TimeNanos);
        });
    }

    private static OpenTrace ReadOpen(BinaryReader input)
    {
        var trace = new OpenTrace();
        var last = input.Read7BitEncodedInt64();
        List(input, r => trace.Add(
            new SpanPart(
                r.ReadUInt64(), r.ReadUInt64(), r.Read7BitEncodedInt(), r.Read7BitEncodedInt(),
                r.Read7BitEncodedInt64(), r.Read7BitEncodedInt64(), r.ReadBoolean()),
            last));
        List(input, r => trace.Add(
            new LinePart(r.ReadUInt64(), r.Read7BitEncodedInt(), r.Read7BitEncodedInt(), r.ReadByte(), r.Read7BitEncodedInt64()), last));
        return trace;
    }

    private static void List<T>(BinaryWriter output, IReadOnlyCollection<T> items, Action<T> write)
    {
        output.Write7BitEncodedInt(items.Count);
        foreach (var item in items)
        {
            write(item);
        }
    }

    private static List<T> List<T>(BinaryReader input, Func<BinaryReader, T> read)
    {
        var count = input.Read7BitEncodedInt();
        var items = new List<T>();
        for (var i = 0; i < count; i++)
        {
            items.Add(read(input));
        }

        return items;
    }
}
