using System.Buffers.Binary;
using System.Text;

namespace Culprit.Engine.Topology;

/// <summary>The binary form of a <see cref="SpanJoin"/>: at most 2.4 MB and the names of the services.</summary>
/// <remarks>
/// Little endian: u8 version (1); i32 count of services, each u16 length + UTF-8 name; then for each generation
/// i32 count of spans, each u64 hash + i32 index of its service.
/// </remarks>
internal static class SpanJoinSnapshot
{
    private const byte Version = 1;
    private const int EntryBytes = 12;

    public static byte[] Save(params ReadOnlySpan<Dictionary<ulong, string>> generations)
    {
        var services = new Dictionary<string, int>(StringComparer.Ordinal);
        using var bytes = new MemoryStream();
        using var spans = new MemoryStream();
        using var body = new BinaryWriter(spans);
        foreach (var generation in generations)
        {
            body.Write(generation.Count);
            foreach (var (hash, service) in generation)
            {
                if (!services.TryGetValue(service, out var index))
                {
                    index = services.Count;
                    services.Add(service, index);
                }

                body.Write(hash);
                body.Write(index);
            }
        }

        using var head = new BinaryWriter(bytes);
        head.Write(Version);
        head.Write(services.Count);
        foreach (var service in services.OrderBy(s => s.Value).Select(s => Encoding.UTF8.GetBytes(s.Key)))
        {
            head.Write((ushort)service.Length);
            head.Write(service);
        }

        head.Flush();
        body.Flush();
        spans.WriteTo(bytes);
        return bytes.ToArray();
    }

    /// <param name="maxSpans">Spans that one generation may have.</param>
    public static bool TryLoad(ReadOnlySpan<byte> bytes, int maxSpans, out Dictionary<ulong, string>[] generations)
    {
        generations = [[], [], [], []];
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            return false;
        }

        bytes = bytes[1..];
        if (!TryReadServices(ref bytes, out var services))
        {
            return false;
        }

        foreach (var generation in generations)
        {
            if (!TryRead(ref bytes, out var count) || count > maxSpans || count > bytes.Length / EntryBytes)
            {
                return false;
            }

            for (var i = 0; i < count; i++)
            {
                var index = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
                if ((uint)index >= (uint)services.Length || !generation.TryAdd(BinaryPrimitives.ReadUInt64LittleEndian(bytes), services[index]))
                {
                    return false;
                }

                bytes = bytes[EntryBytes..];
            }
        }

        return bytes.IsEmpty;
    }

    private static bool TryReadServices(ref ReadOnlySpan<byte> bytes, out string[] services)
    {
        services = [];
        if (!TryRead(ref bytes, out var count) || count > bytes.Length / sizeof(ushort))
        {
            return false;
        }

        services = new string[count];
        for (var i = 0; i < count; i++)
        {
            if (bytes.Length < sizeof(ushort) || bytes.Length - sizeof(ushort) < BinaryPrimitives.ReadUInt16LittleEndian(bytes))
            {
                return false;
            }

            var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            services[i] = Encoding.UTF8.GetString(bytes.Slice(sizeof(ushort), length));
            bytes = bytes[(sizeof(ushort) + length)..];
        }

        return true;
    }

    /// <summary>A count; false for a negative one.</summary>
    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        if (bytes.Length < sizeof(int))
        {
            return false;
        }

        count = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bytes = bytes[sizeof(int)..];
        return count >= 0;
    }
}
