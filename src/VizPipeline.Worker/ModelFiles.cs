using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker;

/// <summary>The files of networks: those that a spec names by key are fetched once and kept by content.</summary>
public sealed class ModelFiles(IObjectStore store, IOptions<WorkerOptions> options, ILogger<ModelFiles> logger)
{
    private int _fetched;

    /// <summary>The model's file, or the architecture's name, and the weights' file on this machine.</summary>
    /// <exception cref="ObjectStoreException">The store has no such file, or not the one that the spec means.</exception>
    public async Task<(string Model, string? Weights)> Find(ModelSpec spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var model = spec.ModelKey is { } key ? await Fetch(key, spec.ModelSha256, cancellation) : spec.Model;
        var weights = spec.WeightsKey is { } weightsKey ? await Fetch(weightsKey, spec.WeightsSha256, cancellation) : spec.Weights;
        return (model, weights);
    }

    private async Task<string> Fetch(string key, string? sha256, CancellationToken cancellation)
    {
        var folder = Path.Combine(options.Value.FetchFolder(), "models");
        var file = Path.Combine(folder, Path.GetFileName(key));
        // Its name is its content's hash and it appears whole, so what is there is right.
        if (File.Exists(file))
            return file;
        // A job and a live request may fetch it at once.
        var unfinished = $"{file}.{Environment.ProcessId}-{Interlocked.Increment(ref _fetched)}.unfinished";
        try
        {
            Directory.CreateDirectory(folder);
            await store.GetFileAsync(key, unfinished, cancellation);
            if (await HashAsync(unfinished, cancellation) != sha256)
                throw new ObjectStoreException($"The object {key} is not the file that the atlas was planned with: submit the atlas again.", isTransient: false);
            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException || ObjectStoreException.IsDiskFull(failure.InnerException))
        {
            throw new ObjectStoreException(
                $"The model cannot be kept in {folder} of {options.Value.Name} ({failure.Message}): make room there, or set Worker:CacheFolder to another disk.",
                isTransient: true,
                failure);
        }
        finally
        {
            File.Delete(unfinished);
        }
        logger.ModelFetched(key, file);
        return file;
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancellation)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }
}
