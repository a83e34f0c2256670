using TorchSharp;
using VizPipeline.Network.Torch;

namespace VizPipeline.Worker;

/// <summary>
/// One device of a worker, with its threads and its activity. It runs one job at a time, and live requests concurrently with it.
/// </summary>
public sealed class ComputeDevice
{
    private readonly int _sharers;

    internal ComputeDevice(NamedDevice device, int index, int sharers, TimeProvider time)
        => (Name, Torch, Index, _sharers, Activity) = (device.Name, device.Device, index, sharers, new DeviceActivity(time));

    /// <summary>The device's name, e.g. <c>cpu</c> or <c>cuda:1</c>.</summary>
    public string Name { get; }

    /// <summary>The torch device that holds the tensors.</summary>
    public torch.Device Torch { get; }

    /// <summary>The index among the worker's devices, from 0.</summary>
    public int Index { get; }

    /// <summary>The current and past activity of the device.</summary>
    public DeviceActivity Activity { get; }

    /// <summary>The reason why the device accepts no work at present; null if it does.</summary>
    public string? Fault { get; internal set; }

    /// <summary>The number of live requests that are running on the device or waiting for it.</summary>
    public int LiveRequests { get; internal set; }

    /// <summary>Whether the device accepts no more work until the process ends.</summary>
    public bool IsBroken { get; internal set; }

    /// <summary>Whether a job occupies the device.</summary>
    internal bool IsTaken { get; set; }

    /// <summary>The number of consecutive times that the device ran out of memory.</summary>
    internal int Shortages { get; set; }

    /// <summary>The thread that runs jobs.</summary>
    public TorchThread Jobs => TorchThread.For(Name, _sharers);

    /// <summary>The thread that runs live requests.</summary>
    public TorchThread Live => TorchThread.ForLive(Name, _sharers);

    /// <summary>The number of jobs and live requests on the device. The least busy device has the lowest load.</summary>
    internal int Load => LiveRequests + (IsTaken ? 1 : 0);

    /// <summary>Returns the device that an atlas uses here: this one, unless its spec requires another kind.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    internal torch.Device For(string asked)
    {
        var kind = TorchDevice.KindOf(asked);
        return kind == "auto" || kind == TorchDevice.KindOf(Name) ? Torch : TorchDevice.Find(kind);
    }
}
