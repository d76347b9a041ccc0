namespace Culprit.IntegrationTests.Storage;

/// <summary>A folder of its own for one test, gone afterwards. Its name needs quoting, looks like a pattern and like a partition, as a user's may.</summary>
internal sealed class DataFolder : IDisposable
{
    public DataFolder() => Directory.CreateDirectory(Segments);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"culprit's [a]*? service=x {Guid.NewGuid():N}");

    public string Segments => Path.Combine(Root, "segments");

    public string Corrupt => Path.Combine(Root, "corrupt");

    public string Orphaned => Path.Combine(Root, "orphaned");

    public string StateFile => Path.Combine(Root, "state.db");

    public string[] SegmentNames => [.. Directory.GetFiles(Segments).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
