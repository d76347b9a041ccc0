namespace Culprit.Engine.Storage;

/// <summary>Silences for one run: tests, and commands that read files.</summary>
internal sealed class MemorySilenceStore : ISilenceStore
{
    private readonly Lock _gate = new();
    private readonly List<StoredSilence> _silences = [];

    public Task SaveAsync(StoredSilence silence, DateTimeOffset forgetBefore, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var at = _silences.FindIndex(s => s.Id == silence.Id);
            if (at < 0)
            {
                _silences.Add(silence);
            }
            else
            {
                _silences[at] = silence;
            }

            _silences.RemoveAll(s => s.EndsAt < forgetBefore);
            return Task.CompletedTask;
        }
    }

    public Task<IReadOnlyList<StoredSilence>> AllAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<StoredSilence>>([.. _silences]);
        }
    }
}
