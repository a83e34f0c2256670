using System.Text;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>What a service does with the object store.</summary>
public enum StoreAccess
{
    /// <summary>It reads and lists.</summary>
    Read,

    /// <summary>It reads, lists, writes and deletes.</summary>
    Write,

    /// <summary>As <see cref="Write"/>, and it makes the bucket.</summary>
    Own,
}

/// <summary>
/// Tries, under the service's own account, all that it will do with the store. On many S3 servers an object belongs to who wrote it, so
/// it also reads
/// what the other services have left: coordinator and worker each keep an object <c>probes/NAME</c>.
/// </summary>
internal static class StoreProbe
{
    private const string Folder = "probes/";
    private static readonly string[] Writers = ["coordinator", "worker"];

    /// <summary>Returns when everything is allowed.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="access">What it will do.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="StartupException">Something is refused; the message says what.</exception>
    public static async Task RunAsync(IObjectStore store, string service, StoreAccess access, CancellationToken cancellation)
    {
        // Workers start together: each has an object of its own to delete, and all may keep the same one.
        var kept = $"{Folder}{service}";
        var passing = $"{kept}-{Environment.MachineName.ToLowerInvariant()}-{Environment.ProcessId}";
        if (access != StoreAccess.Read)
        {
            var content = Encoding.UTF8.GetBytes(service);
            await TryAsync("write to", () => store.PutAsync(passing, content, cancellation));
            await TryAsync("read what it wrote to", () => store.GetAsync(passing, cancellation));
            await TryAsync("delete from", () => store.DeleteAsync(passing, cancellation));
            await TryAsync("write to", () => store.PutAsync(kept, content, cancellation));
        }
        await TryAsync("list", async () => await store.ListAsync(Folder, cancellation).AnyAsync(cancellation));
        foreach (var writer in Writers)
            await TryAsync($"read what the {writer} wrote to", () => store.TryGetAsync(Folder + writer, cancellation));
    }

    private static async Task TryAsync(string action, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ObjectStoreException failure)
        {
            // Rights may be granted at any moment, e.g. by a policy that follows the making of the bucket.
            throw new StartupException(
                $"this account cannot {action} the object store: {failure.Message} docs/cluster.md has the rights of each role",
                isTransient: true, failure);
        }
    }
}
