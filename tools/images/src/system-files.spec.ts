import { sharedLibraries, systemPackage } from './system-files.ts';

describe('sharedLibraries', () => {
  it('gives the paths of the libraries and of the loader, not the one that the kernel has', () => {
    const output = [
      '\tlinux-vdso.so.1 (0x00007ffd2b5f2000)',
      '\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f1c3a000000)',
      '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1c39e00000)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007f1c3a4b1000)',
    ].join('\n');

    expect(sharedLibraries(output)).toEqual([
      '/lib/x86_64-linux-gnu/libc.so.6',
      '/lib/x86_64-linux-gnu/libstdc++.so.6',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });

  it('refuses a system that lacks one', () => {
    expect(() => sharedLibraries('\tlibatomic.so.1 => not found\n')).toThrow(
      'libatomic.so.1 is needed by node and is not on this system',
    );
  });
});

describe('systemPackage', () => {
  const fields = [
    'Package: libc6',
    'Status: install ok installed',
    'Architecture: amd64',
    'Version: 2.41-12',
  ];

  it('is its own source where the record names none', () => {
    expect(systemPackage(fields.join('\n'))).toEqual({
      name: 'libc6',
      version: '2.41-12',
      architecture: 'amd64',
      source: 'libc6',
    });
  });

  it('has the source without the version that may follow it', () => {
    const { source } = systemPackage([...fields, 'Source: glibc (2.41)'].join('\n'));

    expect(source).toBe('glibc');
  });

  it('refuses a record without a version', () => {
    expect(() => systemPackage(fields.slice(0, 3).join('\n'))).toThrow("dpkg's record lacks");
  });
});
