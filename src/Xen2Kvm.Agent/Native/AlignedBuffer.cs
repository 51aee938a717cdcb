using System.Runtime.InteropServices;

namespace Xen2Kvm.Agent.Native;

/// <summary>Memory outside the managed heap, aligned to a page as O_DIRECT needs it. The last few bytes of a read may be rounded up to a page.</summary>
internal sealed unsafe class AlignedBuffer(int bytes) : IDisposable
{
    public const int Alignment = 4096;

    public byte* Pointer { get; private set; } = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);

    public int Length { get; } = bytes;

    public Span<byte> Span => new(Pointer, Length);

    public void Dispose()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }
}
