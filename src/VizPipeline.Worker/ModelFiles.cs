using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.ObjectStore;

namespace VizPipeline.Worker;

/// <summary>Provides the files of networks. Files that a spec names by key are downloaded once and cached by content hash.</summary>
public sealed class ModelFiles(IObjectStore store, IOptions<WorkerOptions> options, ILogger<ModelFiles> logger)
{
    /// <summary>
    /// Returns the model file or the architecture's name, and the weights file on this machine. The files are kept until the result is
    /// disposed.
    /// </summary>
    /// <exception cref="ObjectStoreException">The file is not in the store, or does not match the spec's hash.</exception>
    /// <exception cref="DiskBudgetException">The file does not fit into the disk budget next to files in use.</exception>
    public async Task<FoundModel> FindAsync(ModelSpec spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var found = new FoundModel { Model = spec.Model, Weights = spec.Weights };
        try
        {
            if (spec.ModelKey is { } key)
                found.Model = found.Hold(await FetchAsync(key, spec.ModelSha256, cancellation));
            if (spec.WeightsKey is { } weightsKey)
                found.Weights = found.Hold(await FetchAsync(weightsKey, spec.WeightsSha256, cancellation));
            return found;
        }
        catch
        {
            found.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the files of an atlas's network and of its dictionaries, as <see cref="FindAsync(ModelSpec, CancellationToken)"/>.
    /// </summary>
    public async Task<FoundModel> FindAsync(AtlasSpec spec, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var found = await FindAsync(spec.Model, cancellation);
        try
        {
            foreach (var dictionary in spec.Dictionaries ?? [])
                found.Dictionaries.Add(
                    (dictionary, found.Hold(await FetchAsync(dictionary.KeyIn(spec.Id), dictionary.Sha256, cancellation))));
            return found;
        }
        catch
        {
            found.Dispose();
            throw;
        }
    }

    private async Task<(string File, SafeFileHandle Handle)> FetchAsync(string key, string? sha256, CancellationToken cancellation)
    {
        var disk = options.Value.Disk();
        var folder = Path.Combine(disk.Folder, DiskBudget.Models);
        var file = Path.Combine(folder, Path.GetFileName(key));
        // Several devices, or a job and a live request, may need the file at the same time.
        var turn = DiskBudget.Fetching(file);
        await turn.WaitAsync(cancellation);
        try
        {
            // The name is the content hash, and the file appears only when complete, so an existing file is valid.
            if (disk.TryOpen(file) is { } present)
                return (file, present);
            using var room = disk.Reserve(file, await store.SizeAsync(key, cancellation));
            await store.GetFileAsync(key, room.Unfinished, cancellation);
            if (await FileHash.Sha256Async(room.Unfinished, cancellation) != sha256)
                throw new ObjectStoreException(
                    $"The object {key} is not the file that the atlas was planned with: submit the atlas again.", isTransient: false);
            var handle = room.Keep();
            logger.ModelFetched(key, file);
            return (file, handle);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            || ObjectStoreException.IsDiskFull(failure.InnerException))
        {
            throw new ObjectStoreException(
                $"The model cannot be kept in {folder} of {options.Value.Name} ({failure.Message}): "
                + "make room there, or set Worker:CacheFolder to another disk.",
                isTransient: true,
                failure);
        }
        finally
        {
            turn.Release();
        }
    }
}

/// <summary>The files of a network on this machine. They are kept until this is disposed.</summary>
public sealed class FoundModel : IDisposable
{
    private readonly List<SafeFileHandle> _held = [];

    /// <summary>The model file, or the architecture's name.</summary>
    public required string Model { get; set; }

    /// <summary>The weights file; null if the model file contains the weights.</summary>
    public string? Weights { get; set; }

    /// <summary>The dictionaries, each with its file.</summary>
    public IList<(DictionarySpec Dictionary, string File)> Dictionaries { get; } = [];

    /// <summary>Loads the network with its dictionaries.</summary>
    /// <param name="spec">What the files belong to.</param>
    public NetworkGraph Load(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var graph = NetworkLoader.Load(Model, Weights, (spec.Input[1], spec.Input[2]));
        foreach (var (dictionary, file) in Dictionaries)
            graph = Readout.Attach(
                graph, dictionary.Layer, dictionary.Name, DictionaryFile.Read(file, graph.Layer(dictionary.Layer).Neurons));
        return graph;
    }

    /// <inheritdoc/>
    public void Dispose() => _held.ForEach(handle => handle.Dispose());

    internal string Hold((string File, SafeFileHandle Handle) fetched)
    {
        _held.Add(fetched.Handle);
        return fetched.File;
    }
}
