using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>Behaviour and records of the fake workers, for tests to adjust and inspect.</summary>
public sealed class FakeWork
{
    /// <summary>The attempts of all jobs in the order in which they started.</summary>
    public ConcurrentQueue<JobCommand> Begun { get; } = new();

    /// <summary>Maximum number of concurrent jobs so far.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Called before a job runs; may throw, wait or cancel.</summary>
    public Func<JobCommand, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Changes the final announcement; null announces nothing.</summary>
    public Func<JobCompleted, JobCompleted?> Announce { get; set; } = completed => completed;

    /// <summary>Changes the bytes of a result table; null stores none.</summary>
    public Func<JobCommand, byte[], byte[]?> Store { get; set; } = (_, table) => table;

    /// <summary>Number of times each answer is sent.</summary>
    public int Answers { get; set; } = 1;

    /// <summary>Maximum number of concurrent jobs of each kind.</summary>
    public int AtOnce { get; init; } = 16;

    private int _atOnce;

    public void Begin(JobCommand job)
    {
        Begun.Enqueue(job);
        lock (Begun)
            MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
    }

    public void End()
    {
        lock (Begun)
            _atOnce--;
    }
}

/// <summary>Runs jobs of all kinds like a worker, with invented results.</summary>
public sealed class FakeWorker(FakeWork work, IObjectStore store, IServiceProvider services) : IBusReceivers
{
    public IReadOnlyList<BusReceiver> Receivers => [.. JobKinds.All.Select(
        kind => new BusReceiver(kind.Queue, ReceiveAsync) { AtOnce = work.AtOnce })];

    private IJobBus Bus => services.GetRequiredService<IJobBus>();

    private async Task<IBusMessage?> ReceiveAsync(BusDelivery delivery, CancellationToken cancellation)
    {
        var job = ((JobMessage)delivery.Message).ReadCommand();
        work.Begin(job);
        try
        {
            await Bus.AnswerAsync(new JobStarted(job.AtlasId, job.JobId, job.Attempt, "fake", DateTimeOffset.UnixEpoch), cancellation);
            await work.Before(job, cancellation);
            await Bus.ShowProgressAsync(new JobProgressed(job.AtlasId, job.JobId, job.Attempt, 1), cancellation);
            await DoAsync(job, cancellation);
        }
        catch (ReportedFailureException failure)
        {
            var failed = new JobFailed(job.AtlasId, job.JobId, job.Attempt, "fake", failure.Message, failure.IsTransient);
            await Bus.AnswerAsync(failed, CancellationToken.None);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            var error = $"{failure.GetType().Name}: {failure.Message}";
            await Bus.AnswerAsync(new JobFailed(job.AtlasId, job.JobId, job.Attempt, "fake", error, false), CancellationToken.None);
        }
        finally
        {
            work.End();
        }
        return null;
    }

    private async Task DoAsync(JobCommand job, CancellationToken cancellation)
    {
        var spec = VizJson.Read<AtlasSpec>(await store.GetAsync(AtlasKeys.Spec(job.AtlasId), cancellation));
        var row = JobKinds.Get(job);
        var (key, units, table) = (row.GetResultKeyOf(spec, job), row.CountUnitsOf(spec, job), await ResultAsync(spec, job, cancellation));
        await PutTalliesAsync(spec, job, cancellation);
        // Like the real worker: an existing result is the answer.
        var isDone = await store.TryGetAsync(key, cancellation) is { } known && JobKindRow.IsResultOf(job, known);
        if (!isDone && work.Store(job, table) is { } bytes)
            await store.PutAsync(key, bytes, cancellation);
        var completed = new JobCompleted(
            job.AtlasId, job.JobId, job.Attempt, "fake", key, units, DateTimeOffset.UnixEpoch, 0.5,
            new Dictionary<string, double> { ["forward"] = 0.25 });
        if (work.Announce(completed) is { } answer)
        {
            for (var i = 0; i < work.Answers; i++)
                await Bus.AnswerAsync(answer, cancellation);
        }
    }

    // Their contents do not matter, but a growing atlas looks whether they are there.
    private async Task PutTalliesAsync(AtlasSpec spec, JobCommand command, CancellationToken cancellation)
    {
        IEnumerable<string> keys = command switch
        {
            ScanShard scan => spec.LayersOf(scan).Select(layer => AtlasKeys.ScanTally(spec.Id, scan.Shard, layer.Name)),
            GatherShards gather => [AtlasKeys.GatheredTally(spec.Id, gather.Part, spec.GetLayer(gather.Layer).Name)],
            _ => [],
        };
        foreach (var key in keys)
            await store.PutAsync(key, ReadOnlyMemory<byte>.Empty, cancellation);
    }

    private async Task<byte[]> ResultAsync(AtlasSpec spec, JobCommand command, CancellationToken cancellation) => command switch
    {
        ScanShard job => VizJson.Write(ResultSamples.Scan(job)),
        GatherShards job => VizJson.Write(ResultSamples.Gather(job)),
        MergeLayer job => VizJson.Write(ResultSamples.Layer(spec, job.Layer) with { Images = job.Images }),
        RenderPatches job => VizJson.Write(ResultSamples.Patches(spec, job)),
        AscendNeurons job => VizJson.Write(ResultSamples.Ascent(spec, job)),
        RenderFilters job => VizJson.Write(ResultSamples.Filters(spec, job)),
        RenderSheet job => VizJson.Write(await SheetAsync(spec, job, cancellation)),
        _ => throw new InvalidOperationException(command.GetType().Name),
    };

    // Uses what is in the store, like the real worker.
    private async Task<SheetTable> SheetAsync(AtlasSpec spec, RenderSheet job, CancellationToken cancellation)
    {
        var prefix = AtlasKeys.AscentTable(spec.Id, spec.Layers[job.Layer].Name, 0, 0, "3", 0);
        var pictures = new List<PictureRow>();
        await foreach (var key in store.ListAsync(prefix[..prefix.LastIndexOf("000000-", StringComparison.Ordinal)], cancellation))
            pictures.AddRange(VizJson.Read<PictureTable>(await store.GetAsync(key, cancellation)).Pictures);
        return ResultSamples.Sheet(spec, job, pictures);
    }
}

/// <summary>A failure that the fake worker itself reports.</summary>
public sealed class ReportedFailureException(string message, bool isTransient) : Exception(message)
{
    public bool IsTransient { get; } = isTransient;
}
