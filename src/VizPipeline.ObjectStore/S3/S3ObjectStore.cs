using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance;
using Minio.DataModel;
using Minio.DataModel.Args;

namespace VizPipeline.ObjectStore;

/// <summary>Stores objects in a bucket of an S3 server. Uploads large ones in parts, and waits for a server that is unavailable.</summary>
/// <remarks>
/// Parts of an unfinished upload stay on the server until a lifecycle rule of the bucket removes them: only the server knows whether
/// another worker is still sending the same object.
/// </remarks>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    // The client sends larger objects in parts of this size, one request each.
    private const int LargestPart = 5 << 20;
    private readonly S3Connection _connection;
    private readonly string _region;

    /// <summary>Initializes the store without contacting the server.</summary>
    /// <param name="options">Valid options.</param>
    public S3ObjectStore(S3Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_connection, _region) = (new S3Connection(options), options.Region);
    }

    /// <summary>Server and bucket, for messages.</summary>
    public string Place => _connection.Calls.Place;

    /// <summary>Creates the bucket if it is missing. Services that start together may all call this.</summary>
    /// <param name="patience">How long to wait for a server that does not answer.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <exception cref="ObjectStoreException">
    /// The server does not answer, rejects the keys, or has no such bucket and does not create it.
    /// </exception>
    public Task EnsureBucketAsync(TimeSpan patience, CancellationToken cancellation = default) => _connection.Calls.RunAsync(
        "the bucket itself",
        async () =>
        {
            if (!await HasBucketAsync(cancellation))
                await MakeBucketAsync(cancellation);
            return true;
        },
        patience,
        cancellation);

    /// <inheritdoc/>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return UploadAsync(key, () => content.AsStream(), cancellation);
    }

    /// <inheritdoc/>
    public Task PutFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return UploadAsync(key, () => File.OpenRead(file), cancellation);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetAsync(string key, CancellationToken cancellation = default)
        => await TryGetAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, _connection.Calls.Place);

    /// <inheritdoc/>
    public Task<byte[]?> TryGetAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _connection.TryGetAsync(key, cancellation);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetRangeAsync(string key, long offset, int length, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        // A server answers a part beyond the end with an error or with fewer bytes, depending on where it begins.
        if (await SizeAsync(key, cancellation) < offset + length)
            throw ObjectStoreException.TooShort(_connection.Calls.Place, key, offset, length);
        return await _connection.TryGetRangeAsync(key, offset, length, cancellation)
            ?? throw new ObjectNotFoundException(key, _connection.Calls.Place);
    }

    /// <inheritdoc/>
    public async Task GetFileAsync(string key, string file, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        if (!await _connection.TryGetFileAsync(key, file, cancellation))
            throw new ObjectNotFoundException(key, _connection.Calls.Place);
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellation = default)
        => await StatAsync(key, cancellation) is not null;

    /// <inheritdoc/>
    public async Task<long> SizeAsync(string key, CancellationToken cancellation = default)
        => (await StatAsync(key, cancellation) ?? throw new ObjectNotFoundException(key, _connection.Calls.Place)).Size;

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var items = await _connection.ListAsync(prefix, cancellation);
        foreach (var key in items.Select(item => item.Key).Where(ObjectKey.IsValid).Order(StringComparer.Ordinal))
            yield return key;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellation = default)
    {
        ObjectKey.Check(key);
        return _connection.Calls.RunAsync(key, async () =>
        {
            await _connection.Client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_connection.Bucket).WithObject(key), cancellation);
            return true;
        }, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection.Dispose();
    }

    private Task<ObjectStat?> StatAsync(string key, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        return _connection.Calls.RunAsync<ObjectStat>(key, async () => await _connection.StatAsync(key, cancellation), cancellation);
    }

    private async Task<bool> HasBucketAsync(CancellationToken cancellation)
    {
        try
        {
            return await _connection.Client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_connection.Bucket), cancellation);
        }
        catch (S3ErrorException missing) when (missing.Code == "NoSuchBucket")
        {
            return false;
        }
    }

    private async Task MakeBucketAsync(CancellationToken cancellation)
    {
        try
        {
            // Without a location the client would lose its region.
            await _connection.Client.MakeBucketAsync(
                new MakeBucketArgs().WithBucket(_connection.Bucket).WithLocation(_region), cancellation);
        }
        catch (S3ErrorException refusal) when (!refusal.IsTransient)
        {
            // Another service may have created it first.
            if (!await HasBucketAsync(cancellation))
                throw _connection.Calls.NoBucket(refusal);
        }
    }

    private Task<bool> UploadAsync(string key, Func<Stream> open, CancellationToken cancellation)
        => _connection.Calls.RunAsync(key, async () =>
    {
        await using var content = open();
        var answer = await _connection.Client.PutObjectAsync(
            new PutObjectArgs().WithBucket(_connection.Bucket).WithObject(key).WithStreamData(content)
                .WithObjectSize(content.Length).WithContentType(TypeOf(key)),
            cancellation);
        if (content.Length < LargestPart && string.IsNullOrEmpty(answer.Etag))
            throw new IOException("what answers is no S3 server");
        // A server may still fail to join the parts after it has started its answer, and the client does not read to the end.
        if (content.Length >= LargestPart && await _connection.StatAsync(key, cancellation) is var stored && stored.Size != content.Length)
            throw new IOException($"{stored.Size} of {content.Length} bytes were stored");
        return true;
    }, cancellation);

    private static string TypeOf(string key) => Path.GetExtension(key) switch
    {
        ".png" => "image/png",
        ".json" => "application/json",
        _ => "application/octet-stream",
    };
}
