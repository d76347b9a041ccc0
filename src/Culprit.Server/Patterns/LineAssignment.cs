using System.Buffers.Binary;
using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Server.Patterns;

/// <summary>Gives each line of a text the pattern that it has once all lines are known.</summary>
/// <remarks>A line is one message, whatever it looks like. Ids wait on disk, so memory does not grow with the text.</remarks>
internal sealed class LineAssignment(PatternOptions options)
{
    private const int ChunkBytes = 256 * 1024;
    private const int MaxTexts = 65_536;

    private readonly PatternMiner _miner = new(options);

    public long Lines { get; private set; }

    /// <summary>Writes <c>id TAB pattern</c> for each line; the pattern is empty where the miner had to forget it.</summary>
    public void Run(Stream text, Stream output, CancellationToken cancellationToken)
    {
        using var ids = new FileStream(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, BufferSize = ChunkBytes });
        Mine(text, ids, cancellationToken);
        _miner.DrainAliases(new List<PatternAlias>());
        ids.Position = 0;
        Write(ids, output, cancellationToken);
    }

    private void Mine(Stream text, FileStream ids, CancellationToken cancellationToken)
    {
        var splitter = new LineSplitter();
        var buffer = new byte[ChunkBytes];
        int length;
        while ((length = text.Read(buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> chunk = buffer.AsSpan(0, length);
            while (splitter.TryRead(ref chunk, out var line, out _))
            {
                Assign(line, ids);
            }
        }

        if (splitter.TryFinish(out var last, out _))
        {
            Assign(last, ids);
        }
    }

    private void Assign(ReadOnlySpan<byte> line, FileStream ids)
    {
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(id, _miner.Assign(line).Value);
        ids.Write(id);
        Lines++;
    }

    private void Write(FileStream ids, Stream output, CancellationToken cancellationToken)
    {
        var rendered = new Dictionary<ulong, byte[]>();
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        for (var line = 0L; line < Lines; line++)
        {
            if (line % 65_536 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            ids.ReadExactly(id);
            var first = BinaryPrimitives.ReadUInt64LittleEndian(id);
            if (!rendered.TryGetValue(first, out var bytes))
            {
                if (rendered.Count >= MaxTexts)
                {
                    rendered.Clear();
                }

                var current = _miner.Resolve(new PatternId(first));
                bytes = Encoding.UTF8.GetBytes($"{current}\t{_miner.Text(current)}\n");
                rendered.Add(first, bytes);
            }

            output.Write(bytes);
        }
    }
}
