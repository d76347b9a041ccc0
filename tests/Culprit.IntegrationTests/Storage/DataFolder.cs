namespace Culprit.IntegrationTests.Storage;

/// <summary>A folder of its own for one test, gone afterwards. Its name needs quoting, as a user's may.</summary>
internal sealed class DataFolder : IDisposable
{
    public DataFolder() => Directory.CreateDirectory(Segments);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"culprit's {Guid.NewGuid():N}");

    public string Segments => Path.Combine(Root, "segments");

    public string Corrupt => Path.Combine(Root, "corrupt");

    public string Orphaned => Path.Combine(Root, "orphaned");

    public string StateFile => Path.Combine(Root, "state.db");

    public string[] SegmentNames => [.. Directory.GetFiles(Segments).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
