using System.Collections.Concurrent;
using MassTransit;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>What the fake workers do and have done; a test bends it.</summary>
public sealed class FakeWork
{
    /// <summary>The attempts of every job in the order of their beginning.</summary>
    public ConcurrentQueue<IJobCommand> Begun { get; } = new();

    /// <summary>Jobs done at the same time, at most, since the beginning.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Called before the work of a job; may throw, wait or cancel.</summary>
    public Func<IJobCommand, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Bends what is announced at the end; null announces nothing.</summary>
    public Func<JobCompleted, JobCompleted?> Announce { get; set; } = completed => completed;

    /// <summary>Bends the bytes of a result table; null stores none.</summary>
    public Func<IJobCommand, byte[], byte[]?> Store { get; set; } = (_, table) => table;

    /// <summary>How often each answer is sent.</summary>
    public int Answers { get; set; } = 1;

    private int atOnce;

    public void Begin(IJobCommand job)
    {
        Begun.Enqueue(job);
        lock (Begun)
            MostAtOnce = Math.Max(MostAtOnce, ++atOnce);
    }

    public void End()
    {
        lock (Begun)
            atOnce--;
    }
}

/// <summary>Does jobs as a worker does, with invented results.</summary>
public sealed class FakeWorker<T>(FakeWork work, IObjectStore store) : IConsumer<T>
    where T : class, IJobCommand
{
    public async Task Consume(ConsumeContext<T> context)
    {
        var job = context.Message;
        var cancellation = context.CancellationToken;
        work.Begin(job);
        try
        {
            await context.Publish(new JobStarted(job.AtlasId, job.JobId, job.Attempt, "fake", DateTimeOffset.UnixEpoch), cancellation);
            await work.Before(job, cancellation);
            await context.Publish(new JobProgressed(job.AtlasId, job.JobId, job.Attempt, 1), cancellation);
            await DoAsync(context, job, cancellation);
        }
        catch (ReportedFailureException failure)
        {
            var failed = new JobFailed(job.AtlasId, job.JobId, job.Attempt, "fake", failure.Message, failure.IsTransient);
            await context.Publish(failed, CancellationToken.None);
        }
        finally
        {
            work.End();
        }
    }

    private async Task DoAsync(ConsumeContext<T> context, T job, CancellationToken cancellation)
    {
        var spec = VizJson.Read<AtlasSpec>(await store.GetAsync(AtlasKeys.Spec(job.AtlasId), cancellation));
        var (key, table, units) = await ResultAsync(spec, job, cancellation);
        // As the real worker: a result that is there already is the answer.
        if (!await store.ExistsAsync(key, cancellation) && work.Store(job, table) is { } bytes)
            await store.PutAsync(key, bytes, cancellation);
        var completed = new JobCompleted(
            job.AtlasId, job.JobId, job.Attempt, "fake", key, units, DateTimeOffset.UnixEpoch, 0.5,
            new Dictionary<string, double> { ["forward"] = 0.25 });
        if (work.Announce(completed) is { } answer)
        {
            for (var i = 0; i < work.Answers; i++)
                await context.Publish(answer, cancellation);
        }
    }

    private async Task<(string Key, byte[] Table, int Units)> ResultAsync(AtlasSpec spec, IJobCommand command, CancellationToken cancellation)
    {
        string Name(int layer) => spec.Layers[layer].Name;
        switch (command)
        {
            case ScanShard job:
                return (AtlasKeys.ScanTable(spec.Id, job.Shard), VizJson.Write(ResultSamples.Scan(job)), job.EndImage - job.FirstImage);
            case GatherShards job:
                return (AtlasKeys.GatherTable(spec.Id, job.Part, Name(job.Layer)), VizJson.Write(ResultSamples.Gather(job)), job.EndShard - job.FirstShard);
            case MergeLayer job:
                return (
                    AtlasKeys.LayerTable(spec.Id, Name(job.Layer)),
                    VizJson.Write(ResultSamples.Layer(spec, job.Layer)),
                    spec.Layers[job.Layer].Channels);
            case RenderPatches job:
                return (
                    AtlasKeys.PatchesTable(spec.Id, Name(job.Layer), job.FirstChannel, job.EndChannel),
                    VizJson.Write(ResultSamples.Patches(spec, job)),
                    job.EndChannel - job.FirstChannel);
            case AscendNeurons job:
                return (
                    AtlasKeys.AscentTable(spec.Id, Name(job.Layer), job.FirstChannel, job.EndChannel, job.Preset, job.Seed),
                    VizJson.Write(ResultSamples.Ascent(spec, job)),
                    job.EndChannel - job.FirstChannel);
            case RenderFilters job:
                return (AtlasKeys.FiltersTable(spec.Id, Name(job.Layer)), VizJson.Write(ResultSamples.Filters(spec, job)), 1);
            case RenderSheet job:
                return (AtlasKeys.SheetTable(spec.Id, Name(job.Layer)), VizJson.Write(await SheetAsync(spec, job, cancellation)), 1);
            default:
                throw new InvalidOperationException(command.GetType().Name);
        }
    }

    // From what there is in the store, as the real one.
    private async Task<SheetTable> SheetAsync(AtlasSpec spec, RenderSheet job, CancellationToken cancellation)
    {
        var prefix = AtlasKeys.AscentTable(spec.Id, spec.Layers[job.Layer].Name, 0, 0, "3", 0);
        var pictures = new List<PictureRow>();
        await foreach (var key in store.ListAsync(prefix[..prefix.LastIndexOf("000000-", StringComparison.Ordinal)], cancellation))
            pictures.AddRange(VizJson.Read<PictureTable>(await store.GetAsync(key, cancellation)).Pictures);
        return ResultSamples.Sheet(spec, job, pictures);
    }
}

/// <summary>A failure that the fake worker reports itself.</summary>
public sealed class ReportedFailureException(string message, bool isTransient) : Exception(message)
{
    public bool IsTransient { get; } = isTransient;
}
